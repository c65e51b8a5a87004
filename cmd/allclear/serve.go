package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"allclear/internal/demo"
	"allclear/internal/local"
)

type serveCommand struct {
	dataFlag
	Addr      string        `help:"Address to listen on; port 0 picks a free one (${default})." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	PublicURL string        `help:"Address at which visitors reach the page, if it is another one." placeholder:"URL"`
	Demo      bool          `help:"Fill an empty folder with a believable page."`
	Tick      time.Duration `help:"How often the schedule runs." default:"1m"`
	RateLimit int           `help:"API requests a minute and key; 0 for no limit." default:"0" placeholder:"N"`
	tellingFlags
}

func (c *serveCommand) Validate() error {
	if c.Tick < 10*time.Millisecond {
		return fmt.Errorf("--tick must be at least 10ms, not %s", c.Tick)
	}
	if c.RateLimit < 0 {
		return fmt.Errorf("--rate-limit must not be negative")
	}
	if c.PublicURL != "" {
		address, err := publicURL(c.PublicURL)
		if err != nil {
			return err
		}
		c.PublicURL = address
	}
	return nil
}

// publicURL is an address as documents need it: without a slash at its end.
func publicURL(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || strings.ContainsAny(address, "?#") {
		return "", fmt.Errorf("--public-url must be an address such as https://status.example.com, not %q", address)
	}
	return u.Scheme + "://" + u.Host, nil
}

func (c *serveCommand) Run(ctx context.Context, logger *slog.Logger) error {
	telling, err := c.telling()
	if err != nil {
		return err
	}
	deployment, err := c.open(logger)
	if err != nil {
		return err
	}
	defer deployment.Close()
	o := local.ServeOptions{
		Addr: c.Addr, PublicURL: c.PublicURL, Tick: c.Tick, RateLimit: c.RateLimit, Telling: telling,
		Ready: func(contract local.Contract, elapsed time.Duration) { c.welcome(contract, elapsed) },
	}
	if c.Demo {
		o.Seed = func(ctx context.Context, d *local.Deployment) error {
			fmt.Println("Making a demo page with 90 days of history …")
			if err := demo.Seed(ctx, d.Table(), time.Now(), demo.Options{}); err != nil {
				return err
			}
			return d.Hush(ctx)
		}
	}
	return deployment.Serve(ctx, o)
}

// mails says where those to subscribers are.
func (c *serveCommand) mails(contract local.Contract) string {
	if contract.InboxURL == nil {
		return "sent through " + c.SMTP
	}
	return *contract.InboxURL + " (captured, not sent)"
}

// welcome says where to click.
func (c *serveCommand) welcome(contract local.Contract, elapsed time.Duration) {
	fmt.Printf(`allclear is ready (%d ms)

  page     %s
  API      %s/pages/%s
  API key  %s
  mails    %s
  data     %s

Post an incident:

  curl -H 'Authorization: OAuth %s' -d 'incident[name]=Hello' %s/pages/%s/incidents

Stop with Ctrl-C.
`, elapsed.Milliseconds(), contract.PublicURL, contract.APIURL, contract.PageID, contract.APIKey, c.mails(contract), c.Data,
		contract.APIKey, contract.APIURL, contract.PageID)
	_ = os.Stdout.Sync() // a pipe cannot; nothing depends on it
}
