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
	return []Document{
		v.html(sheet{
			Path: PathNotFound, Title: "Not found", Description: "There is nothing at this address.",
			Main: missingPage(), NoIndex: true,
		}),
		v.html(sheet{
			Path: PathHistory, Title: "History", Description: "Past incidents and maintenances of " + v.Page.Settings.Name,
			Main: historyPage(history.view), State: history.body,
		}),
		v.html(sheet{
			Path: PathIndex, Description: index.view.summary(),
			Main: indexPage(index.view), State: index.body,
		}),
	}, nil
}

// summary is the state of the page in one line.
func (v IndexView) summary() string {
	if v.Banner.Incident == "" {
		return v.Status.Description
	}
	return v.Banner.Title + " – " + v.Status.Description
}
