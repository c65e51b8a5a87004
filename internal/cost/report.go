package cost

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Write prints an estimate for a person: what each line is, how much of it there is and what it
// costs, and what it rests on.
func (e Estimate) Write(out io.Writer) error {
	u := e.Use
	fmt.Fprintf(out, "A month on AWS in us-east-1, at list prices of 2026-11, in US dollars:\n")
	fmt.Fprintf(out, "%s views, %s subscribers, %s incidents with %s updates each, %s components.\n\n",
		whole(u.Views), whole(u.Subscribers), whole(u.Incidents), whole(u.Updates), whole(u.Components))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "amount\t\tcost\talways free\t  for")
	for _, i := range e.Items {
		free := ""
		if i.Free >= 0.0005 {
			free = fmt.Sprintf("%.3f", -i.Free)
		}
		fmt.Fprintf(w, "%s\t%s\t%.3f\t%s\t%s\n", amount(i.Quantity), i.Unit, i.Dollars, free, "  "+i.Service+", "+i.What)
	}
	fmt.Fprintf(w, "\t\t%.2f\t%.2f\t%s\n", e.Total(), -e.Free(), "  Total")
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write estimate: %w", err)
	}
	fmt.Fprintf(out, "\nThe total is without any free tier. The always-free tier, where nothing else in the account uses\nit, takes off %.2f and leaves %.2f.\n",
		e.Free(), e.Total()-e.Free())
	fmt.Fprintln(out, "\nThe calls are those that the project's tests count.")
	fmt.Fprintln(out, "Assumed:")
	for _, a := range Assumed() {
		if _, err := fmt.Fprintln(out, "- "+a); err != nil {
			return fmt.Errorf("write estimate: %w", err)
		}
	}
	return nil
}

// amount has as many digits as a person cares for.
func amount(q float64) string {
	if q < 100 && q != float64(int64(q)) {
		return strconv.FormatFloat(q, 'f', 3, 64)
	}
	return grouped(strconv.FormatFloat(q, 'f', 0, 64))
}

func whole(n int64) string { return grouped(strconv.FormatInt(n, 10)) }

// grouped writes a non-negative number with a comma before every three digits.
func grouped(digits string) string {
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, parts...), ",")
}
