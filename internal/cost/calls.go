package cost

import (
	_ "embed" // calls.json
	"encoding/json"
	"fmt"
)

//go:embed calls.json
var measured []byte

// Calls are what the project's own handlers were counted to use, by scenario. The tests of this
// package write calls.json (go test ./internal/cost -update); they hold it to the ports, and before
// an emulator to the AWS SDK.
type Calls map[string]Usage

// The scenarios.
const (
	Post         = "post"                    // POST of an incident that moves no component
	PostMoving   = "post_components"         // POST of one that moves three
	PostOnce     = "post_components_once"    // the same with an Idempotency-Key
	Patch        = "patch"                   // PATCH that adds an update and moves one component
	Publish      = "publish_post"            // publish of what Post changed
	PublishMoved = "publish_post_components" // of what PostMoving changed
	PublishPatch = "publish_patch"           // of what Patch changed
	ToldFew      = "told_100"                // an event of which so many subscribers are told by mail, up to what SES says of each
	ToldMany     = "told_400"
	Tick         = "tick"                // a minute in which nothing is due
	TickSweep    = "tick_sweep"          // the same, with a whole step of the sweep over incidents
	AtRest       = "ten_minutes_at_rest" // of a page without incidents, its whole sweep included
)

const minutesAtRest = 10

// FewTold and ManyTold are the subscribers of ToldFew and ToldMany, between which others are
// interpolated.
const (
	FewTold  = 100
	ManyTold = 400
)

// Usage is what one run of a scenario uses: calls of the AWS SDK by operation, and request units
// of DynamoDB. Invoke is by an event source, and Publish also by SES.
type Usage struct {
	Calls      map[string]float64 `json:"calls"`
	ReadUnits  Line               `json:"read_units"`
	WriteUnits Line               `json:"write_units"`
}

// Line is a number that grows with the number of components.
type Line struct {
	Base         float64 `json:"base"`
	PerComponent float64 `json:"per_component"`
}

// At is the number for so many components.
func (l Line) At(components float64) float64 { return l.Base + l.PerComponent*components }

// Measured are the calls that this version of the program was counted to make.
func Measured() (Calls, error) {
	var c Calls
	if err := json.Unmarshal(measured, &c); err != nil {
		return nil, fmt.Errorf("decode calls.json: %w", err)
	}
	return c, nil
}
