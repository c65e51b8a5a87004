package front_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"allclear/internal/bucket"
	"allclear/internal/bucket/directory"
	"allclear/internal/front"
)

// BenchmarkSummary measures requests per second for one file over loopback HTTP with keep-alive, of
// the front and of a bare http.FileServer on the same folder. Both answer the same bytes, in turns,
// so that whatever else the machine does falls on both. It reports medians and that of the ratios of
// neighbours; 0.9 is the aim. Large files favour the FileServer, which need not copy them.
func BenchmarkSummary(b *testing.B) {
	for _, size := range []int{4_000, 40_000, 150_000} {
		b.Run(fmt.Sprintf("%d kB", size/1000), func(b *testing.B) { compare(b, size) })
	}
}

func compare(b *testing.B, size int) {
	const path = "api/v2/summary.json"
	dir := b.TempDir()
	objects, err := directory.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer objects.Close()
	object := bucket.Object{
		Body:        []byte(strings.Repeat(`{"name":"API","status":"operational"},`+"\n", size/40)),
		ContentType: "application/json; charset=utf-8", CacheControl: "public, max-age=5", Seq: 1,
	}
	if _, err := objects.Put(b.Context(), path, object, bucket.Condition{}); err != nil {
		b.Fatal(err)
	}
	if stat, err := os.Stat(filepath.Join(dir, path)); err != nil || stat.Size() != int64(len(object.Body)) {
		b.Fatalf("stat: %v, %v", stat, err)
	}
	ours := httptest.NewServer(front.New(objects, front.Options{}))
	defer ours.Close()
	bare := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer bare.Close()

	const clients, slice = 4, 100
	oursClients, bareClients := dial(b, ours, clients), dial(b, bare, clients)
	request := "GET /" + path + " HTTP/1.1\r\nHost: status.example.com\r\n\r\n"
	run(b, oursClients, request, slice, len(object.Body)) // warm
	run(b, bareClients, request, slice, len(object.Body))
	var oursTimes, bareTimes, ratios []float64
	for b.Loop() {
		ours := run(b, oursClients, request, slice, len(object.Body))
		bare := run(b, bareClients, request, slice, len(object.Body))
		oursTimes, bareTimes = append(oursTimes, ours.Seconds()), append(bareTimes, bare.Seconds())
		ratios = append(ratios, bare.Seconds()/ours.Seconds())
	}
	const requests = clients * slice
	b.ReportMetric(requests/median(oursTimes), "front-req/s")
	b.ReportMetric(requests/median(bareTimes), "fileserver-req/s")
	b.ReportMetric(median(ratios), "ratio")
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// client is as cheap as can be, so that the servers are what is measured.
type client struct {
	conn net.Conn
	r    *bufio.Reader
}

func dial(b *testing.B, server *httptest.Server, clients int) []*client {
	b.Helper()
	all := make([]*client, clients)
	for i := range all {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		all[i] = &client{conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}
	}
	return all
}

// run lets every client send a number of requests, one after another, and gives the time it took.
func run(b *testing.B, clients []*client, request string, each, size int) time.Duration {
	b.Helper()
	begin := time.Now()
	var group sync.WaitGroup
	for _, c := range clients {
		group.Go(func() {
			for range each {
				if err := c.get(request, size); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	return time.Since(begin)
}

func (c *client) get(request string, size int) error {
	if _, err := c.conn.Write([]byte(request)); err != nil {
		return err
	}
	length := -1
	for first := true; ; first = false {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			break
		}
		if first && text != "HTTP/1.1 200 OK" {
			return fmt.Errorf("answer %q", text)
		}
		if value, ok := strings.CutPrefix(text, "Content-Length: "); ok {
			if length, err = strconv.Atoi(value); err != nil {
				return err
			}
		}
	}
	if length != size {
		return fmt.Errorf("answer of %d bytes, want %d", length, size)
	}
	_, err := c.r.Discard(length)
	return err
}
