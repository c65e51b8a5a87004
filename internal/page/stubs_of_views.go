package page

import "allclear/internal/status"

func views(Input) ([]Document, error)                        { return nil, nil }
func pages(Input) ([]Document, error)                        { return nil, nil }
func detailView(Input, *status.Incident) ([]Document, error) { return nil, nil }
func monthViews(Input, string, []*status.Incident, []*status.Incident) ([]Document, error) {
	return nil, nil
}
