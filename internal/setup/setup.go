// Package setup makes of deployed resources a status page: it uploads the built site, makes the
// deployment's secrets, the first page and its first documents. It runs as custom resources of
// the stack, so that one command deploys code, infrastructure and site. It never changes a page
// that is there, and takes nothing away unless the deployment is disposable.
package setup

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"

	"allclear/internal/bucket"
	"allclear/internal/customresource"
	"allclear/internal/page"
	"allclear/internal/publish"
	"allclear/internal/status"
	"allclear/internal/store"
)

// The custom resources of the template. Their ids never change, so an update never replaces one.
const (
	TypePreflight = "Custom::Preflight"
	TypeSite      = "Custom::Site"

	preflightID = "allclear-preflight"
	siteID      = "allclear-site"
)

// Secrets keeps secrets.
type Secrets interface {
	Ensure(ctx context.Context, name string, newText func() string) (string, error)
	Remove(ctx context.Context, name string) error
}

// Setup does what the resources ask for. All fields but the switches are needed.
type Setup struct {
	Store      *store.Store
	Bucket     bucket.Bucket
	Secrets    Secrets
	Files      fs.FS     // the built site
	Site       page.Site // what of it HTML pages name
	Disposable bool      // removing the resources removes what they made
	OneByOne   bool      // as publish.Publisher's
	Logger     *slog.Logger
}

// Do does one request. Whatever of it was done before is found done, so it may come twice.
func (s *Setup) Do(ctx context.Context, r customresource.Request) (customresource.Answer, error) {
	switch r.Type {
	case TypePreflight:
		return s.preflight(ctx, r)
	case TypeSite:
		return s.site(ctx, r)
	default:
		return customresource.Answer{}, fmt.Errorf("set up %s: there is no such resource", r.Type)
	}
}

// siteProperties are those of the resource Site. Its Release is there so that a new one is an update.
type siteProperties struct {
	Release   string
	PublicURL string `json:"PublicUrl"` // where visitors reach the page, without a trailing slash
	PageName  string // of the first page; a page that is there keeps its own
	TimeZone  string
}

func (p siteProperties) check() error {
	if p.Release == "" {
		return status.Invalidf("Release", "can't be blank")
	}
	if p.PublicURL == "" {
		return status.Invalidf("PublicUrl", "can't be blank")
	}
	return checkPage(p.PageName, p.TimeZone)
}

func (s *Setup) site(ctx context.Context, r customresource.Request) (customresource.Answer, error) {
	answer := customresource.Answer{ID: siteID}
	if r.Kind == customresource.Delete {
		if !s.Disposable {
			return answer, nil
		}
		return answer, s.empty(ctx)
	}
	var p siteProperties
	if err := json.Unmarshal(r.Properties, &p); err != nil {
		return answer, fmt.Errorf("decode properties of %s: %w", r.Type, err)
	}
	if err := p.check(); err != nil {
		return answer, err
	}
	if err := publish.UploadSite(ctx, s.Bucket, s.Files); err != nil {
		return answer, err
	}
	pages, err := s.pages(ctx, p)
	if err != nil {
		return answer, err
	}
	publisher := &publish.Publisher{
		Store: s.Store, Bucket: s.Bucket, PublicURL: p.PublicURL, Site: s.Site, Renderer: p.Release, OneByOne: s.OneByOne, Logger: s.Logger,
	}
	for _, id := range pages {
		if err := publisher.Renew(ctx, id); err != nil {
			return answer, err
		}
		if _, err := publisher.CatchUp(ctx, id); err != nil {
			return answer, err
		}
	}
	answer.Data = map[string]any{"PageId": pages[0]}
	return answer, nil
}

// pages are the ids of all pages; where there is none the first is made.
func (s *Setup) pages(ctx context.Context, p siteProperties) ([]string, error) {
	pages, err := s.Store.Pages(ctx)
	if err != nil || len(pages) > 0 {
		return pages, err
	}
	first := status.DefaultSettings(p.PageName)
	first.TimeZone = p.TimeZone
	id := s.Store.NewID()
	if _, err := s.Store.CreatePage(ctx, id, first, status.Actor{Kind: status.ActorSystem, Name: "setup"}); err != nil {
		return nil, err
	}
	return []string{id}, nil
}

// emptyAtOnce bounds one listing of the bucket.
const emptyAtOnce = 1000

// empty deletes everything in the bucket, so that it can go with its stack.
func (s *Setup) empty(ctx context.Context) error {
	for {
		paths, err := s.Bucket.List(ctx, "", "", emptyAtOnce)
		if err != nil {
			return fmt.Errorf("empty bucket: %w", err)
		}
		for _, path := range paths {
			if err := s.Bucket.Delete(ctx, path); err != nil {
				return fmt.Errorf("empty bucket: %w", err)
			}
		}
		if len(paths) < emptyAtOnce {
			return nil
		}
	}
}
