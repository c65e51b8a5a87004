package api

import (
	"errors"
	"testing"

	"allclear/internal/status"
)

// refused tells whether an error is one that a client is to blame for.
func refused(err error) bool {
	known := (*status.Error)(nil)
	return errors.As(err, &known) && known.Code != "" && statusOf(known.Code) < 500
}

// readEverything asks every reader for every member, as no handler does all at once.
func readEverything(t *testing.T, tree map[string]any) {
	t.Helper()
	if err := refuseNUL("", tree); err != nil {
		if !refused(err) {
			t.Errorf("got %v, want a refusal", err)
		}
		return
	}
	cfg := status.NewConfiguration()
	c := &call{body: tree}
	for name := range tree {
		f := c.object(name)
		for member := range f.m {
			for _, read := range []func(*fields){
				func(f *fields) { f.text(member) }, func(f *fields) { f.clearable(member) }, func(f *fields) { f.flag(member) },
				func(f *fields) { f.list(member) }, func(f *fields) { f.moment(member) }, func(f *fields) { f.date(member) },
			} {
				g := &fields{name: name, m: f.m}
				read(g)
				if g.err != nil && !refused(g.err) {
					t.Errorf("got %v, want a refusal", g.err)
				}
			}
		}
	}
	for _, name := range []string{"incident", "component", "component_group", "page"} {
		if _, ok := tree[name]; !ok {
			continue
		}
		stamp := status.Stamp{NewID: func() string { return "x" }}
		change, err := c.incidentChange(stamp.Now.Location(), cfg)
		if err == nil {
			_, _, err = status.NewIncident(change, cfg, stamp)
		}
		if err != nil && !refused(err) {
			t.Errorf("incident: got %v, want a refusal", err)
		}
		if err := readComponent(c.object("component"), &status.Component{}, cfg).err; err != nil && !refused(err) {
			t.Errorf("component: got %v, want a refusal", err)
		}
		f := c.object("component_group")
		if c.readGroup(f, &status.Group{}, cfg); f.err != nil && !refused(f.err) {
			t.Errorf("group: got %v, want a refusal", f.err)
		}
		f = c.object("page")
		for _, s := range settings(&status.Settings{}) {
			if s.read(f); f.err != nil && !refused(f.err) {
				t.Errorf("page: got %v, want a refusal", f.err)
			}
		}
	}
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add("application/json", []byte(`{"incident":{"name":"x","components":{"a":"major_outage"},"metadata":{"a":{"b":[1,"\u0000"]}}}}`))
	f.Add("", []byte(`{"page":{"css_reds":"#f00","url":"https://x"},"component":{"group_id":null,"start_date":"2026-01-01"}}`))
	f.Add("application/json", []byte(`{"component_group":{"components":[{"id":"a"}]}} x`))
	f.Add("a/b;", []byte("\xef\xbb\xbf[[[[\xff"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		tree, err := decodeBody(contentType, body)
		if err != nil {
			if !refused(err) {
				t.Errorf("got %v, want a refusal", err)
			}
			return
		}
		readEverything(t, tree)
	})
}

func FuzzDecodeForm(f *testing.F) {
	f.Add("incident[name]=x&incident[component_ids][]=a&incident[components][b]=operational")
	f.Add("incident[component_ids][0]=a&incident[reminder_intervals][]=3&page[name]=%00")
	f.Add("a[b=1&[c]=2&a[b][]=3&=4&a]=5")
	f.Add("component[showcase]=on&component_group[components][][id]=x")
	f.Fuzz(func(t *testing.T, body string) {
		for _, contentType := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=b"} {
			tree, err := decodeBody(contentType, []byte(body))
			if err != nil {
				if !refused(err) {
					t.Errorf("got %v, want a refusal", err)
				}
				continue
			}
			readEverything(t, tree)
		}
	})
}
