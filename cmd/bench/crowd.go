package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"allclear/internal/local"
)

// catchUp is more than the streams take for a hundred thousand subscribers.
const catchUp = 40 * time.Second

// crowd posts incidents of which nobody is told, in turns to a page without subscribers and to one
// with many; and then to the latter while it tells all of them of another one.
func crowd(ctx context.Context, s settings) (rows []row, err error) {
	alone, err := start(ctx, s.program, filepath.Join(s.folder, "alone"), "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, alone.stop()) }()
	folder := filepath.Join(s.folder, "crowded")
	if err := fill(ctx, folder, s.subscribers); err != nil {
		return nil, err
	}
	crowded, err := start(ctx, s.program, folder, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, crowded.stop()) }()

	// The streams bring every subscriber that was just added, which is not what is measured.
	fmt.Fprintln(os.Stderr, "  letting the streams catch up …")
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(catchUp):
	}

	const warmUp = 20
	var without, with, sending []time.Duration
	for n := range warmUp + s.posts {
		a, err := postQuietly(ctx, alone)
		if err != nil {
			return nil, err
		}
		b, err := postQuietly(ctx, crowded)
		if err != nil {
			return nil, err
		}
		if n >= warmUp {
			without, with = append(without, a), append(with, b)
		}
	}
	answer, err := crowded.post(ctx, "/incidents", `{"incident":{"name":"Everybody hears of this"}}`)
	if err != nil {
		return nil, err
	}
	for range s.posts / 4 {
		took, err := postQuietly(ctx, crowded)
		if err != nil {
			return nil, err
		}
		sending = append(sending, took)
	}
	rate, err := told(ctx, crowded, answer)
	if err != nil {
		return nil, err
	}
	few, many := quantile(without, 0.5), quantile(with, 0.5)
	return []row{
		{"POST an incident without subscribers, p50", millis(few), ""},
		{fmt.Sprintf("the same with %d subscribers of whom none is told, p50", s.subscribers), millis(many), ""},
		{"ratio at p50", fmt.Sprintf("%.2f", float64(many)/float64(few)), "≤ 1.1"},
		{"the same while they are told of another one, p50", millis(quantile(sending, 0.5)), ""},
		{"mails of that into the inbox, by everything that serve is", fmt.Sprintf("%.0f a second", rate), ""},
	}, nil
}

// telling is how long is looked at while many are told.
const telling = 20 * time.Second

// told waits while subscribers are told of an incident, and answers to how many a second.
func told(ctx context.Context, s *server, incident []byte) (float64, error) {
	fmt.Fprintln(os.Stderr, "  telling them …")
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(telling):
	}
	var made struct{ ID string }
	if err := json.Unmarshal(incident, &made); err != nil {
		return 0, err
	}
	answer, err := s.send(ctx, http.MethodGet, "/incidents/"+made.ID+"/deliveries", "", http.StatusOK)
	if err != nil {
		return 0, err
	}
	var d struct {
		Sent  float64
		First time.Time `json:"first_sent_at"`
		Last  time.Time `json:"last_sent_at"`
	}
	if err := json.Unmarshal(answer, &d); err != nil {
		return 0, err
	}
	return d.Sent / d.Last.Sub(d.First).Seconds(), nil
}

// fill makes a page with subscribers in a folder.
func fill(ctx context.Context, folder string, subscribers int) (err error) {
	d, err := local.Open(local.Folder(folder), local.Program{}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	page, err := d.Page(ctx, local.DefaultName)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "  adding %d subscribers …\n", subscribers)
	return subscribe(ctx, d.Audience, page, subscribers)
}

func postQuietly(ctx context.Context, s *server) (time.Duration, error) {
	began := time.Now()
	_, err := s.post(ctx, "/incidents", `{"incident":{"name":"Quiet","status":"resolved","deliver_notifications":false}}`)
	return time.Since(began), err
}
