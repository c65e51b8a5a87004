package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"allclear/internal/cloud"
	"allclear/internal/local"
	"allclear/internal/secret"
)

type keyRotateCommand struct {
	placeFlags
	DropRetired bool `help:"Forget the keys that were retired before: all links that they signed end, also those to unsubscribe."`

	output io.Writer // nil for standard output
}

// Help is for --help.
func (c *keyRotateCommand) Help() string {
	return `The key that signs now is retired. Links to unsubscribe that it signed go on working, as they must for as long as mails are kept; all others end at once: who has not confirmed yet confirms again, and whoever wants to change a subscription asks for a new link. So a key that leaked can end subscriptions at worst.

On a stage the functions that read the key start anew; a serve must be restarted. The stage must run this version of allclear already: an older one does not know of several keys.`
}

// readers are the functions that read the keys of links when they start. The one that reads links
// comes first, so that no mail has a link that it does not know yet.
var readers = []string{"subscribe", "mail", "welcome", "webhook"}

func (c *keyRotateCommand) Run(ctx context.Context) error {
	if c.output == nil {
		c.output = os.Stdout
	}
	if c.Stage != "" {
		return c.inStage(ctx)
	}
	return c.inFolder(ctx)
}

func (c *keyRotateCommand) inFolder(ctx context.Context) error {
	if err := (dataFlag{c.Data}).exists(); err != nil {
		return err
	}
	folder := local.Folder(c.Data)
	if _, err := c.rotate(ctx, folder); err != nil {
		return err
	}
	served, err := folder.Served()
	if err != nil {
		return fmt.Errorf("the new key is stored, and a serve that runs must be restarted: %w", err)
	}
	if served {
		c.say("serve runs, and goes on with the old key: restart it now.")
	} else {
		c.say("serve takes the new key when it starts.")
	}
	return nil
}

func (c *keyRotateCommand) inStage(ctx context.Context) error {
	stage, err := cloud.Find(ctx, c.Stage)
	if err != nil {
		return err
	}
	keys, err := c.rotate(ctx, stage.Secrets)
	if err != nil {
		return cloud.Explain(err)
	}
	for i, function := range readers {
		if err := stage.StartAnew(ctx, function, fmt.Sprintf("links: key %d", keys.Current())); err != nil {
			c.say("The new key is stored, but not every function has it. Have these start anew, in this order:\n" + c.byHand(readers[i:]))
			return err
		}
		c.say("Started anew: " + function)
	}
	return nil
}

// byHand are commands that make functions start anew.
func (c *keyRotateCommand) byHand(functions []string) string {
	var b strings.Builder
	for _, f := range functions {
		name := "allclear-" + c.Stage + "-" + f
		fmt.Fprintf(&b, "  aws lambda update-function-configuration --function-name %s --description \"signing key of $(date -u +%%FT%%T)\" >/dev/null && aws lambda wait function-updated --function-name %s\n", name, name)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// rotate replaces the key and says what that means.
func (c *keyRotateCommand) rotate(ctx context.Context, in secret.Changer) (next secret.LinkKeys, err error) {
	var dropped []int
	err = in.Change(ctx, secret.SigningKey, func(text string) (string, error) {
		before, err := secret.ParseLinkKeys(text)
		if err != nil {
			return "", err
		}
		if c.DropRetired {
			dropped = before.Retired()
		}
		next, err = before.Rotate(secret.New(), c.DropRetired)
		return next.Text(), err
	})
	if err != nil {
		return next, err
	}
	c.say(fmt.Sprintf("Key %d signs the links in mails from now on. Retired: %s.", next.Current(), numbers(next.Retired())))
	c.say("Links to unsubscribe in mails that were sent go on working. Other links that were sent are over: people confirm again, and ask for a new link to change a subscription.")
	if len(dropped) > 0 {
		c.say(fmt.Sprintf("Forgotten: %s. No link that they signed works any more, also none to unsubscribe: it leads to a page that mails a new one.", numbers(dropped)))
	}
	return next, nil
}

func (c *keyRotateCommand) say(line string) { fmt.Fprintln(c.output, line) }

// numbers are versions of keys in words: "key 2, key 1".
func numbers(versions []int) string {
	words := make([]string, 0, len(versions))
	for _, v := range versions {
		words = append(words, fmt.Sprintf("key %d", v))
	}
	return strings.Join(words, ", ")
}
