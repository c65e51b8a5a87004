package intake

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// fetchTimeout bounds one answer as a whole.
const fetchTimeout = time.Minute

// userAgent lets the operators of a page see who reads it.
const userAgent = "allclear-import/1 (status page import)"

// documents are what is fetched from a page's address. Only the summary is indispensable.
var documents = []string{
	"/api/v2/summary.json", "/api/v2/components.json", "/api/v2/incidents.json",
	"/api/v2/scheduled-maintenances.json", "/history.atom",
}

// errMissing says that a page has no such document.
var errMissing = errors.New("there is no such document (404)")

// readURL fetches one document, or those of a whole page one after the other.
func readURL(ctx context.Context, source string, o Options, report *Report) ([]*capture, error) {
	client := o.HTTP
	if client == nil {
		client = &http.Client{Timeout: fetchTimeout}
	}
	addresses, err := addresses(source)
	if err != nil {
		return nil, refuse(source, "%s", err)
	}
	var captures []*capture
	for i, address := range addresses {
		o.Progress(i, len(addresses), "fetch "+address)
		data, err := fetch(ctx, client, address, o.MaxBytes)
		if errors.Is(err, errMissing) && i > 0 {
			report.notTaken(address, errMissing.Error())
			continue
		}
		if err != nil {
			return nil, err
		}
		c, err := decode(address, data)
		if other := (*notCapture)(nil); errors.As(err, &other) {
			return nil, refuse(address, "%s", other.what)
		}
		if err != nil {
			return nil, err
		}
		captures = append(captures, c)
	}
	return captures, nil
}

// addresses are the documents that a source stands for.
func addresses(source string) ([]string, error) {
	u, err := url.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("is no address: %w", err)
	}
	switch path.Ext(u.Path) {
	case ".json", ".atom", ".rss":
		return []string{source}, nil
	}
	u.RawQuery, u.Fragment = "", ""
	u.Path, u.RawPath = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/api/v2"), ""
	base := u.String()
	list := make([]string, len(documents))
	for i, document := range documents {
		list[i] = base + document
	}
	return list, nil
}

// fetch gets one document. What a person can mend is a Refusal.
func fetch(ctx context.Context, client *http.Client, address string, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, refuse(address, "is no address: %s", err)
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", "application/json, application/atom+xml;q=0.9, */*;q=0.1")
	response, err := client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("fetch %s: %w", address, ctx.Err())
		}
		return nil, refuse(address, "can't be fetched: %s", bare(err))
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotFound:
		return nil, fmt.Errorf("%w: %w", refuse(address, "%s", errMissing), errMissing)
	case response.StatusCode != http.StatusOK:
		return nil, refuse(address, "answers %s; try again later or give files", response.Status)
	}
	data, err := readLimited(response.Body, limit)
	if err != nil {
		return nil, refuse(address, "%s", err)
	}
	return data, nil
}

// bare is a client's error without the method and address, which the sentence has already.
func bare(err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}
