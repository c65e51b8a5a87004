// Package demo fills tables with believable data: Seed with the page of a company that does not
// exist, as a hundred days of real work would have left it; History with as many finished
// incidents as a benchmark asks for. Everything goes through the domain and internal/store, so
// that uptime, events and timelines agree with each other. It publishes nothing; cmd/allclear
// and the benchmarks call it, before anything reads the table's change log.
package demo

import (
	"math/rand/v2"

	"allclear/internal/status"
)

// Options of what is made. Its zero value is ready for use.
type Options struct {
	// PageID is the id of the page; "" lets Seed choose one.
	PageID string
	// Dice decides all ids and the fractions of times. The same number and the same now give
	// the same data.
	Dice uint64
}

// dice makes ids and small irregularities, the same ones for the same number.
type dice struct{ r *rand.Rand }

func newDice(n uint64) dice { return dice{rand.New(rand.NewPCG(n, 0x5eed))} } //nolint:gosec // not for secrets

func (d dice) id() string {
	id := make([]byte, status.IDLength)
	for i := range id {
		id[i] = status.IDAlphabet[d.r.IntN(len(status.IDAlphabet))]
	}
	return string(id)
}
