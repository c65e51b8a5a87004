package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"allclear/internal/table"
)

// Every key of the Deliveries table is made in this file. All items expire.
//
//	<subject>#<0-15>    <subscriber>          what became of the notifications of one subject (an
//	                                          incident; a component for component webhooks) to one
//	                                          subscriber
//	DISPATCHED#<page>   EVENT#<seq>           that all chunks of an event are enqueued
//	DUE                 DUE#<time>#<hash>     work that tick enqueues when it is time
//	ENDPOINT#<subscriber>  FAILING            that an endpoint does not take its messages, and since when
//	RATE                SEND                  whose turn it is to send

// shards is how many partitions the subscribers of a subject are spread over.
const shards = 16

const (
	partitionDue = "DUE"
	prefixDue    = "DUE#"
	prefixEvent  = "EVENT#"
)

// dueLayout is fixed-width, so that keys sort as times do.
const dueLayout = "2006-01-02T15:04:05.000Z"

func shardPartition(subject string, shard int) string {
	return fmt.Sprintf("%s#%d", subject, shard)
}

func rowKey(subject, subscriber string) table.Key {
	h := fnv.New32a()
	_, _ = h.Write([]byte(subscriber)) // never fails
	return table.Key{Partition: shardPartition(subject, int(h.Sum32()%shards)), Sort: subscriber}
}

func dispatchedKey(page string, seq int64) table.Key {
	return table.Key{Partition: "DISPATCHED#" + page, Sort: fmt.Sprintf("%s%012d", prefixEvent, seq)}
}

// dueKey is the same for the same work at the same time.
func dueKey(at time.Time, queue, body string) table.Key {
	sum := sha256.Sum256([]byte(queue + "\x00" + body))
	return table.Key{Partition: partitionDue, Sort: prefixDue + at.UTC().Format(dueLayout) + "#" + hex.EncodeToString(sum[:16])}
}

// dueBy asks for all work whose time is not after now.
func dueBy(now time.Time) table.Query {
	q := table.Prefix(partitionDue, prefixDue)
	q.To = prefixDue + now.UTC().Add(time.Millisecond).Format(dueLayout)
	return q
}

// dueTime is the time in a key of dueKey.
func dueTime(sort string) (time.Time, error) {
	text, _, _ := strings.Cut(strings.TrimPrefix(sort, prefixDue), "#")
	return time.Parse(dueLayout, text)
}

func endpointKey(subscriber string) table.Key {
	return table.Key{Partition: "ENDPOINT#" + subscriber, Sort: "FAILING"}
}

func rateKey() table.Key { return table.Key{Partition: "RATE", Sort: "SEND"} }
