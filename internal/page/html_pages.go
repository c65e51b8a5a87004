package page

// views renders what scripts read: page.json, uptime.json and history.json.
func (v *viewer) views() ([]Document, error) {
	index, err := v.index()
	if err != nil {
		return nil, err
	}
	history, err := v.history()
	if err != nil {
		return nil, err
	}
	uptime, err := encodeView(v.uptimeDocument(v.uptime()))
	if err != nil {
		return nil, err
	}
	return []Document{
		viewDocument(PathView, index.body), viewDocument(PathUptime, uptime), viewDocument(PathHistoryView, history.body),
	}, nil
}

// pages renders the HTML pages that show more than one incident: 404.html, history.html and,
// last, index.html.
func (v *viewer) pages() ([]Document, error) {
	index, err := v.index()
	if err != nil {
		return nil, err
	}
	history, err := v.history()
	if err != nil {
		return nil, err
	}
	sheets := []struct {
		path string
		view any
		body []byte
		sheet
	}{
		{PathNotFound, nil, nil, sheet{
			Template: "missing", Title: "Not found", Description: "There is nothing at this address.", NoIndex: true,
		}},
		{PathHistory, history.view, history.body, sheet{
			Template: "history", Title: "History", Description: "Past incidents and maintenances of " + v.Page.Settings.Name,
		}},
		{PathIndex, index.view, index.body, sheet{Template: "index", Description: index.view.summary()}},
	}
	documents := make([]Document, 0, len(sheets))
	for _, s := range sheets {
		document, err := v.html(s.path, s.view, s.body, s.sheet)
		if err != nil {
			return nil, err
		}
		documents = append(documents, document)
	}
	return documents, nil
}

// summary is the state of the page in one line.
func (v IndexView) summary() string {
	if v.Banner.Incident == "" {
		return v.Status.Description
	}
	return v.Banner.Title + " – " + v.Status.Description
}
