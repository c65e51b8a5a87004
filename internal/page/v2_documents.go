package page

import (
	"bytes"
	"encoding/json"
	"fmt"

	"allclear/internal/status"
)

const contentTypeJSON = "application/json; charset=utf-8"

// lists renders the lists of Statuspage's JSON, all but the summary. What is open comes from
// Open, so that it is there even when it is older than the newest fifty.
func lists(in Input) ([]Document, error) {
	v := newV2(in)
	page := v.page()
	over := func(i *status.Incident) bool { return !i.Open() }
	wires := []struct {
		path string
		wire any
	}{
		{PathComponents, V2Components{page, v.components()}},
		{PathIncidents, V2Incidents{page, each(in.Incidents, v.incident)}},
		{PathUnresolved, V2Incidents{page, each(selected(in.Open, unresolvedIncident), v.incident)}},
		{PathResolved, V2Incidents{page, each(selected(in.Incidents, over), v.incident)}},
		{PathMaintenances, V2Maintenances{page, each(in.Maintenances, v.maintenance)}},
		{PathUpcoming, V2Maintenances{page, each(selected(in.Open, upcoming), v.maintenance)}},
		{PathActive, V2Maintenances{page, each(selected(in.Open, active), v.maintenance)}},
		{PathStatus, V2Status{page, in.Configuration.Overall()}},
	}
	documents := make([]Document, 0, len(wires))
	for _, w := range wires {
		d, err := jsonDocument(w.path, w.wire)
		if err != nil {
			return nil, err
		}
		documents = append(documents, d)
	}
	return documents, nil
}

// summary renders what most clients read.
func summary(in Input) ([]Document, error) {
	v := newV2(in)
	d, err := jsonDocument(PathSummary, V2Summary{
		Page:       v.page(),
		Components: v.components(),
		Incidents:  each(selected(in.Open, unresolvedIncident), v.incident),
		Maintenances: each(selected(in.Open, func(i *status.Incident) bool {
			return upcoming(i) || active(i)
		}), v.maintenance),
		Status: in.Configuration.Overall(),
	})
	if err != nil {
		return nil, err
	}
	return []Document{d}, nil
}

// detail renders the JSON of one incident or maintenance.
func detail(in Input, i *status.Incident) ([]Document, error) {
	v := newV2(in)
	var wire any = V2IncidentDetail{v.page(), v.incident(i)}
	if i.IsMaintenance() {
		wire = V2MaintenanceDetail{v.page(), v.maintenance(i)}
	}
	d, err := jsonDocument(PathIncidentV2(i.ID), wire)
	if err != nil {
		return nil, err
	}
	return []Document{d}, nil
}

func unresolvedIncident(i *status.Incident) bool { return !i.IsMaintenance() && i.Open() }

func upcoming(i *status.Incident) bool { return i.IsMaintenance() && i.Status == status.Scheduled }

func active(i *status.Incident) bool {
	return i.IsMaintenance() && (i.Status == status.InProgress || i.Status == status.Verifying)
}

func selected(incidents []*status.Incident, wanted func(*status.Incident) bool) []*status.Incident {
	var list []*status.Incident
	for _, i := range incidents {
		if wanted(i) {
			list = append(list, i)
		}
	}
	return list
}

// each is never nil, so that an empty list is [] and not null.
func each[T any](incidents []*status.Incident, project func(*status.Incident) T) []T {
	list := make([]T, len(incidents))
	for n, i := range incidents {
		list[n] = project(i)
	}
	return list
}

// jsonDocument writes one line of JSON. As on Statuspage "<", ">" and "&" stay as they are: it
// is served as JSON and never as HTML.
func jsonDocument(path string, wire any) (Document, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(wire); err != nil {
		return Document{}, fmt.Errorf("encode %s: %w", path, err)
	}
	return Document{Path: path, ContentType: contentTypeJSON, CacheControl: CacheShort, Body: body.Bytes()}, nil
}
