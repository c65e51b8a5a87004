package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Every key of the Status table is made in this file.
//
//	PAGES            PAGE#<page>                     which pages there are
//	                 RESTORING#<page>                a page that is away while its data are replaced
//	PAGE#<page>      PAGE                            the page: settings, seq, at
//	                 CONFIG#COMPONENT#<id>           a component's name and settings
//	                 CONFIG#GROUP#<id>               a group's
//	                 CONFIG#LAYOUT                   where each stands in the list
//	                 CONFIG#STATES                   the state of each component
//	                 INCIDENT#<order time>#<id>      an incident, whole
//	                 MAINTENANCE#<order time>#<id>   a maintenance, whole
//	                 REF#<id>                        the current key of an incident or maintenance
//	                 OPEN#<id>                       the same, for those that are not over
//	                 DAY#<date>                      seconds per state of each component on a day, with its version
//	                 EVENT#<seq>                     what changed, and by whom
//	                 SWEEP                           where the sweep over published documents stands
//	KEY#<sha256>     KEY                             an API key
//	KEYS             KEY#<sha256>                    which keys there are
//	IDEMPOTENCY#<page>#<sha256>  RECORD              an answer to be given again (expires)

const (
	sortPage       = "PAGE"
	prefixConfig   = "CONFIG#"
	prefixComp     = "CONFIG#COMPONENT#"
	prefixGroup    = "CONFIG#GROUP#"
	sortLayout     = "CONFIG#LAYOUT"
	sortStates     = "CONFIG#STATES"
	prefixIncident = "INCIDENT#"
	prefixMaint    = "MAINTENANCE#"
	prefixOpen     = "OPEN#"
	prefixRef      = "REF#"
	prefixDay      = "DAY#"
	// PrefixEvent begins the sort key of every event; stream filters look for it.
	PrefixEvent = "EVENT#"

	partitionPages = "PAGES"
	partitionKeys  = "KEYS"
	sortKey        = "KEY"
	prefixPages    = "PAGE#"
	prefixAway     = "RESTORING#"
	prefixKeys     = "KEY#"
	sortRecord     = "RECORD"
)

// orderLayout is fixed-width, so that keys sort as times do.
const orderLayout = "2006-01-02T15:04:05.000Z"

// PagePartition is the partition of everything that belongs to a page.
func PagePartition(page string) string { return "PAGE#" + page }

func pageKey(page string) table.Key { return table.Key{Partition: PagePartition(page), Sort: sortPage} }

func pagesKey(page string) table.Key {
	return table.Key{Partition: partitionPages, Sort: prefixPages + page}
}

// awayKey keeps the item of a page that is being restored.
func awayKey(page string) table.Key {
	return table.Key{Partition: partitionPages, Sort: prefixAway + page}
}

func componentKey(page, id string) table.Key {
	return table.Key{Partition: PagePartition(page), Sort: prefixComp + id}
}

func groupKey(page, id string) table.Key {
	return table.Key{Partition: PagePartition(page), Sort: prefixGroup + id}
}

func layoutKey(page string) table.Key {
	return table.Key{Partition: PagePartition(page), Sort: sortLayout}
}

func statesKey(page string) table.Key {
	return table.Key{Partition: PagePartition(page), Sort: sortStates}
}

// Kind tells the two lists of incidents apart.
type Kind bool

// The kinds.
const (
	Realtime    Kind = false
	Maintenance Kind = true
)

func (k Kind) prefix() string {
	if k == Maintenance {
		return prefixMaint
	}
	return prefixIncident
}

func incidentKey(page string, i *status.Incident) table.Key {
	return table.Key{
		Partition: PagePartition(page),
		Sort:      Kind(i.IsMaintenance()).prefix() + i.OrderTime().UTC().Format(orderLayout) + "#" + i.ID,
	}
}

func refKey(page, id string) table.Key {
	return table.Key{Partition: PagePartition(page), Sort: prefixRef + id}
}

func openKey(page, id string) table.Key {
	return table.Key{Partition: PagePartition(page), Sort: prefixOpen + id}
}

func dayKey(page, date string) table.Key {
	return table.Key{Partition: PagePartition(page), Sort: prefixDay + date}
}

func eventKey(page string, seq int64) table.Key {
	return table.Key{Partition: PagePartition(page), Sort: fmt.Sprintf("%s%012d", PrefixEvent, seq)}
}

func sweepKey(page string) table.Key { return table.Key{Partition: PagePartition(page), Sort: "SWEEP"} }

func apiKeyKey(hash string) table.Key {
	return table.Key{Partition: prefixKeys + hash, Sort: sortKey}
}

func apiKeysKey(hash string) table.Key {
	return table.Key{Partition: partitionKeys, Sort: prefixKeys + hash}
}

func idempotencyKey(page, key string) table.Key {
	sum := sha256.Sum256([]byte(key))
	return table.Key{Partition: "IDEMPOTENCY#" + page + "#" + hex.EncodeToString(sum[:]), Sort: sortRecord}
}

// orderRange bounds the sort keys of a kind's incidents with from <= order time < to; a zero
// time is no bound.
func orderRange(page string, kind Kind, from, to time.Time) table.Query {
	q := table.Prefix(PagePartition(page), kind.prefix())
	if !from.IsZero() {
		q.From = kind.prefix() + from.UTC().Format(orderLayout)
	}
	if !to.IsZero() {
		q.To = kind.prefix() + to.UTC().Format(orderLayout)
	}
	return q
}

func idOfSort(sort string) string { return sort[strings.LastIndexByte(sort, '#')+1:] }
