package status

import "time"

// ComponentState is the state of one component. The words are Statuspage's.
type ComponentState string

// The five states, from best to worst as ComponentState.Worse orders them.
const (
	Operational         ComponentState = "operational"
	UnderMaintenance    ComponentState = "under_maintenance"
	DegradedPerformance ComponentState = "degraded_performance"
	PartialOutage       ComponentState = "partial_outage"
	MajorOutage         ComponentState = "major_outage"
)

// ComponentStates lists all states from best to worst.
func ComponentStates() []ComponentState {
	return []ComponentState{Operational, UnderMaintenance, DegradedPerformance, PartialOutage, MajorOutage}
}

// Valid tells whether s is one of the five states.
func (s ComponentState) Valid() bool { return s.severity() >= 0 }

// Worse tells whether s is worse than t. Maintenance is better than degraded performance,
// as in the group status of Statuspage.
func (s ComponentState) Worse(t ComponentState) bool { return s.severity() > t.severity() }

func (s ComponentState) severity() int {
	switch s {
	case Operational:
		return 0
	case UnderMaintenance:
		return 1
	case DegradedPerformance:
		return 2
	case PartialOutage:
		return 3
	case MajorOutage:
		return 4
	default:
		return -1
	}
}

// Worst is the worst of some states, Operational for none.
func Worst(states ...ComponentState) ComponentState {
	worst := Operational
	for _, s := range states {
		if s.Worse(worst) {
			worst = s
		}
	}
	return worst
}

// Component is a part of the service that can have a state. The state itself is in
// Configuration.States, its place in the list in Configuration.Layout.
type Component struct {
	ID                 string    `json:"id"`
	Name               string    `json:"name"`
	Description        *string   `json:"description"`
	Showcase           bool      `json:"showcase"` // show the uptime bar
	OnlyShowIfDegraded bool      `json:"only_show_if_degraded"`
	StartDate          *string   `json:"start_date"` // YYYY-MM-DD in the page's zone: uptime counts from here
	CreatedAt          time.Time `json:"created_at"`
	UpdatedAt          time.Time `json:"updated_at"`
}

// Group gathers components under one name. Groups do not nest.
type Group struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description *string   `json:"description"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// Place says where a component or group stands in the list.
type Place struct {
	Group    string `json:"group_id,omitempty"` // "" for the top level; may name a group that an import did not contain
	Position int    `json:"position"`           // from 1, counted inside the group; need not be dense
	Rank     int    `json:"rank"`               // decides between equal positions
}

// State is the current state of a component and since when it has it.
type State struct {
	Status    ComponentState `json:"status"`
	Since     time.Time      `json:"since"`
	UpdatedAt time.Time      `json:"updated_at"`
}

// StateChange is one component going from one state to another.
type StateChange struct {
	Component string         `json:"component_id"`
	Name      string         `json:"name"`
	Old       ComponentState `json:"old_status"`
	New       ComponentState `json:"new_status"`
	Since     time.Time      `json:"since"` // since when it had the old state
}
