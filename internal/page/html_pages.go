package page

// views renders what scripts read: page.json, uptime.json and history.json.
func views(in Input) ([]Document, error) {
	v := newViewer(in)
	documents := []Document{}
	for _, d := range []struct {
		path string
		view any
	}{
		{PathView, v.index()},
		{PathUptime, v.uptimeDocument(v.newUptime())},
		{PathHistoryView, v.history()},
	} {
		body, err := encodeView(d.view)
		if err != nil {
			return nil, err
		}
		documents = append(documents, viewDocument(d.path, body))
	}
	return documents, nil
}

// pages renders the HTML pages that show more than one incident: 404.html, history.html and,
// last, index.html.
func pages(in Input) ([]Document, error) {
	v := newViewer(in)
	missing, err := v.html(PathNotFound, nil, nil, sheet{
		Template: "missing", Title: "Not found", Description: "There is nothing at this address.", NoIndex: true,
	})
	if err != nil {
		return nil, err
	}
	history, err := v.pair(PathHistoryView, PathHistory, v.history(), sheet{
		Template: "history", Title: "History", Description: "Past incidents and maintenances of " + in.Page.Settings.Name,
	})
	if err != nil {
		return nil, err
	}
	view := v.index()
	description := view.Status.Description
	if view.Banner.Incident != "" {
		description = view.Banner.Title + " – " + description
	}
	index, err := v.pair(PathView, PathIndex, view, sheet{Template: "index", Description: description})
	if err != nil {
		return nil, err
	}
	return []Document{missing, history[1], index[1]}, nil
}
