package replay

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/tools/txtar"
)

// Show is what became of a sample at a deployed function, in the form that File has: the answer or
// the failure, and the end of the function's log. What it changed there is not seen.
func Show(s Sample, answer []byte, failure error, log string) string {
	archive := &txtar.Archive{Comment: fmt.Appendf(nil, "%s/%s\n", s.Source, s.Name)}
	switch {
	case failure != nil:
		archive.Files = append(archive.Files, txtar.File{Name: "failure", Data: []byte(failure.Error() + "\n")})
	case len(answer) > 0:
		text, err := pretty(answer)
		if err != nil {
			text = append(bytes.TrimRight(answer, "\n"), '\n') // shown as it is
		}
		archive.Files = append(archive.Files, txtar.File{Name: "answer", Data: text})
	}
	if log != "" {
		archive.Files = append(archive.Files, txtar.File{Name: "log", Data: []byte(strings.TrimRight(log, "\n") + "\n")})
	}
	return string(txtar.Format(archive))
}
