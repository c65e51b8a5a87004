package intake

import (
	"context"
	"fmt"
	"slices"

	"allclear/internal/status"
	"allclear/internal/store"
)

// settle finds the page to write, and has an empty one take over the captured identity.
func (w *writer) settle(ctx context.Context) error {
	pages, err := w.store.Pages(ctx)
	if err != nil {
		return err
	}
	captured := w.merged.page
	w.page, w.report.Page, w.report.Name = captured.id, captured.id, captured.name
	target := w.options.Page
	switch {
	case target != "" && !slices.Contains(pages, target):
		return status.NotFoundf("page %s not found", target)
	case target == "" && slices.Contains(pages, captured.id):
		target = captured.id
	case target == "" && len(pages) == 1:
		target = pages[0]
	case target == "" && len(pages) > 1:
		return &Refusal{Problems: []string{fmt.Sprintf("the captures are of page %s, which is none of the %d pages here: name the page to import into", captured.id, len(pages))}}
	}
	if target == "" {
		settings := status.DefaultSettings(captured.name)
		settings.TimeZone = captured.zone
		_, err := w.store.CreatePage(ctx, captured.id, settings, author())
		w.fresh, w.report.Adopted = true, true
		return err
	}
	if w.fresh, err = w.empty(ctx, target); err != nil {
		return err
	}
	if target == captured.id {
		return nil
	}
	if !w.fresh {
		return &Refusal{Problems: []string{fmt.Sprintf("the captures are of page %s (%s), but page %s has content of its own: import into an empty page", captured.id, captured.name, target)}}
	}
	if slices.Contains(pages, captured.id) {
		return &Refusal{Problems: []string{fmt.Sprintf("page %s is here already, so page %s can't become it", captured.id, target)}}
	}
	return w.adopt(ctx, target)
}

func (w *writer) adopt(ctx context.Context, from string) error {
	p, err := w.store.Page(ctx, from)
	if err != nil {
		return err
	}
	p.ID, p.Settings.Name, p.Settings.TimeZone = w.merged.page.id, w.merged.page.name, w.merged.page.zone
	if _, err := w.store.AdoptPage(ctx, from, p, author()); err != nil {
		return err
	}
	w.report.Adopted = true
	w.report.Steps++
	return nil
}

// empty tells whether a page has neither components nor incidents.
func (w *writer) empty(ctx context.Context, page string) (bool, error) {
	cfg, err := w.store.Configuration(ctx, page)
	if err != nil {
		return false, err
	}
	if len(cfg.Components)+len(cfg.Groups) > 0 {
		return false, nil
	}
	for _, kind := range []store.Kind{store.Realtime, store.Maintenance} {
		list, _, err := w.store.Incidents(ctx, store.List{Page: page, Kind: kind, Limit: 1})
		if err != nil || len(list) > 0 {
			return false, err
		}
	}
	return true, nil
}
