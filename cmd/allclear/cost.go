package main

import (
	"os"

	"allclear/internal/cost"
)

// costCommand works on numbers alone: it reads no deployment and asks no account.
type costCommand struct {
	Views       int64 `help:"Visits of the public page in a month (${default})." default:"100000" placeholder:"N"`
	Subscribers int64 `help:"Confirmed subscribers by mail (${default})." default:"0" placeholder:"N"`
	Incidents   int64 `help:"Incidents in a month (${default})." default:"4" placeholder:"N"`
	Updates     int64 `help:"Updates of each incident after its first (${default})." default:"3" placeholder:"N"`
	Components  int64 `help:"Components on the page (${default})." default:"10" placeholder:"N"`
}

func (c *costCommand) Run() error {
	estimate, err := cost.Month(cost.Use{
		Views: c.Views, Subscribers: c.Subscribers, Incidents: c.Incidents, Updates: c.Updates, Components: c.Components,
	})
	if err != nil {
		return err
	}
	return estimate.Write(os.Stdout)
}
