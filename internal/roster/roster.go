// Package roster takes lists of subscribers in and gives them out as CSV. It reads line by line, so a
// list may be of any size; it says of every line what became of it, and taking the same list again
// changes nothing more. It brings back nobody who has unsubscribed or whose mail bounced, and it
// writes no cell that a spreadsheet would take for a formula. The operator API and cmd/allclear call it.
package roster

import (
	"strings"

	"allclear/internal/status"
)

// column is a column of a list by its heading.
type column string

// The columns. Only an address is needed; those after kinds are written for people and passed over
// when they are read, but for the state.
const (
	columnType       column = "type"
	columnAddress    column = "address" // of mail or endpoint, as the type says
	columnEmail      column = "email"   // beside an endpoint its owner's, alone an address
	columnEndpoint   column = "endpoint"
	columnIDs        column = "component_ids"
	columnNames      column = "components" // names, or "Group - Name" where a name is not unique
	columnConfirmed  column = "confirmed"
	columnSkip       column = "skip_confirmation"
	columnSkipNotice column = "skip_confirmation_notification"
	columnKinds      column = "kinds"
	columnState      column = "state"
	columnID         column = "id"
	columnCreatedAt  column = "created_at"
)

func columns() []column {
	return []column{
		columnType, columnAddress, columnEmail, columnEndpoint, columnIDs, columnNames, columnConfirmed, columnSkip,
		columnSkipNotice, columnKinds, columnState, columnID, columnCreatedAt,
	}
}

// formulaStarts begin a cell that a spreadsheet may run
// (https://owasp.org/www-community/attacks/CSV_Injection). The apostrophe is what takes that power
// away, so one that is there already needs another.
const formulaStarts = "=+-@\t\r'"

// guard makes a cell harmless; unguard gives back what it was.
func guard(cell string) string {
	if cell != "" && strings.ContainsRune(formulaStarts, rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func unguard(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune(formulaStarts, rune(cell[1])) {
		return cell[1:]
	}
	return cell
}

const listSeparator = ";"

// split reads a list in one cell.
func split(cell string) []string {
	var list []string
	for e := range strings.SplitSeq(cell, listSeparator) {
		if e = strings.TrimSpace(e); e != "" {
			list = append(list, e)
		}
	}
	return list
}

// names finds components and groups by what people call them.
type names struct {
	ids    map[string]bool
	byName map[string]string // "" where several have the name
}

func namesOf(cfg *status.Configuration) names {
	n := names{ids: map[string]bool{}, byName: map[string]string{}}
	for _, id := range cfg.List() {
		n.ids[id] = true
		spellings := []string{cfg.Groups[id].Name}
		if c, ok := cfg.Components[id]; ok {
			spellings = []string{c.Name, cfg.QualifiedName(id)}
		}
		for i, s := range spellings {
			if i > 0 && s == spellings[0] {
				continue // it is in no group
			}
			if _, taken := n.byName[s]; taken {
				n.byName[s] = ""
			} else {
				n.byName[s] = id
			}
		}
	}
	return n
}
