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

// Every key is made in this file. The Status table:
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
//
// The Audience table; hashes are SHA-256, since a key must not show an address:
//
//	AUDIENCE#<page>#<0-f>        SUBSCRIBER#<id>     a subscriber, in the part that its id belongs to
//	                             MAILREQUEST#<subscriber>#<kind>#<date>  a mail that is asked for (expires)
//	ADDRESS#<hash>               RECORD              whose an address is: of mode, address, page and incident
//	SUPPRESSED#<hash>            RECORD              an address that is never mailed again
//	WAITING#<page>               WAITING#<time>#<subscriber>  a confirmation mail that the daily cap holds back
//	                             WAITLIST#<time>#<subscriber>   the same, of somebody on a list: others go first
//	FOLLOWERS#<page>             RECORD              where the look for subscriptions stands whose incident is over
//	LIMIT#<name>#<hash>          <start>#<seconds>   how often something was done in a window (expires)
//	AUDIT#<page>                 AUDIT#<ulid>        what an operator did to subscribers
//	IDEMPOTENCY#<page>#<sha256>  RECORD              as in the Status table, for requests about subscribers

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

const (
	prefixSubscriber = "SUBSCRIBER#"
	// PrefixMailRequest begins the sort key of every mail request; stream filters look for it.
	PrefixMailRequest = "MAILREQUEST#"
	prefixWaiting     = "WAITING#"
	prefixWaitlist    = "WAITLIST#"
	prefixAudit       = "AUDIT#"
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

// AudienceParts is how many partitions the subscribers of a page are spread over.
const AudienceParts = 16

// AudiencePartition is one of the partitions of a page's subscribers, 0 <= part < AudienceParts.
func AudiencePartition(page string, part int) string {
	return fmt.Sprintf("AUDIENCE#%s#%x", page, part)
}

// partOf is the part that a subscriber belongs to.
func partOf(subscriber string) int {
	sum := sha256.Sum256([]byte(subscriber))
	return int(sum[0]) % AudienceParts
}

func subscriberKey(page, id string) table.Key {
	return table.Key{Partition: AudiencePartition(page, partOf(id)), Sort: prefixSubscriber + id}
}

func mailRequestKey(page, subscriber string, kind MailKind, date string) table.Key {
	return table.Key{
		Partition: AudiencePartition(page, partOf(subscriber)),
		Sort:      PrefixMailRequest + subscriber + "#" + string(kind) + "#" + date,
	}
}

// addressKey is where an address is taken: once per page and mode, and once more per incident.
// Case does not make an address another one.
func addressKey(page string, mode status.Mode, address, incident string) table.Key {
	if mode == status.ModeEmail {
		address = strings.ToLower(address)
	}
	return table.Key{Partition: "ADDRESS#" + hashOf(page, string(mode), address, incident), Sort: sortRecord}
}

func suppressedKey(email string) table.Key {
	return table.Key{Partition: "SUPPRESSED#" + hashOf(strings.ToLower(email)), Sort: sortRecord}
}

func waitingKey(page string, l line, since time.Time, subscriber string) table.Key {
	return table.Key{Partition: "WAITING#" + page, Sort: string(l) + since.UTC().Format(orderLayout) + "#" + subscriber}
}

func followersKey(page string) table.Key {
	return table.Key{Partition: "FOLLOWERS#" + page, Sort: sortRecord}
}

func limitKey(l Limit, now time.Time) table.Key {
	start := now.UTC().Truncate(l.Window)
	return table.Key{
		Partition: "LIMIT#" + string(l.Name) + "#" + hashOf(l.Subject),
		Sort:      fmt.Sprintf("%s#%d", start.Format(orderLayout), int64(l.Window/time.Second)),
	}
}

func auditKey(page, ulid string) table.Key {
	return table.Key{Partition: "AUDIT#" + page, Sort: prefixAudit + ulid}
}

// hashOf is one hash of several texts, in which none can be mistaken for the end of another.
func hashOf(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d:%s", len(t), t)
	}
	return hex.EncodeToString(h.Sum(nil))
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

// orderTimeOfSort is the order time in the sort key of an incident or maintenance.
func orderTimeOfSort(sort string) (time.Time, error) {
	_, rest, _ := strings.Cut(sort, "#")
	at, _, _ := strings.Cut(rest, "#")
	return time.Parse(orderLayout, at)
}
