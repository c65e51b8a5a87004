package roster

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
)

// exportPage is how many subscribers are held at once.
const exportPage = 500

// Export writes everybody who is subscribed to a page or its components, in whatever state, and
// answers how many. Import reads it again: quarantined ones are passed over there.
func Export(ctx context.Context, list io.Writer, audience *store.Audience, page string) (int, error) {
	w := csv.NewWriter(list)
	headings := []column{columnType, columnAddress, columnEmail, columnIDs, columnKinds, columnConfirmed, columnState, columnID, columnCreatedAt}
	record := make([]string, len(headings))
	for i, h := range headings {
		record[i] = string(h)
	}
	count := 0
	if err := w.Write(record); err != nil {
		return 0, fmt.Errorf("write list: %w", err)
	}
	for part := range store.AudienceParts {
		after := ""
		for {
			subscribers, next, err := audience.Subscribers(ctx, page, part, after, exportPage)
			if err != nil {
				return count, err
			}
			for _, s := range subscribers {
				if s.State == status.Unsubscribed || s.Incident != "" {
					continue
				}
				if err := w.Write(recordOf(s)); err != nil {
					return count, fmt.Errorf("write list: %w", err)
				}
				count++
			}
			if after = next; next == "" {
				break
			}
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return count, fmt.Errorf("write list: %w", err)
	}
	return count, nil
}

// recordOf is a row; the columns stand in Export.
func recordOf(s *status.Subscriber) []string {
	kinds := make([]string, len(s.Kinds))
	for i, k := range s.Kinds {
		kinds[i] = string(k)
	}
	owner := ""
	if s.Mode != status.ModeEmail {
		owner = s.Email
	}
	return []string{
		string(s.Mode), guard(s.Address()), guard(owner), strings.Join(s.Components, listSeparator), strings.Join(kinds, listSeparator),
		strconv.FormatBool(s.ConfirmedAt != nil), string(s.State), s.ID, s.CreatedAt.UTC().Format(time.RFC3339),
	}
}
