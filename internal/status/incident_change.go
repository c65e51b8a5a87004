package status

import (
	"cmp"
	"slices"
	"time"
)

// IncidentChange is what an operator asks of an incident, new or old. A nil field was not
// mentioned. Texts are checked by the methods that take it.
type IncidentChange struct {
	Name                 *string
	Status               *IncidentStatus
	Body                 *string
	ImpactOverride       *Impact                   // "" clears it
	Components           map[string]ComponentState // attached, and set to these states
	ComponentIDs         *[]string                 // exactly what is attached, besides Components
	DeliverNotifications *bool                     // default true
	CustomTweet          *string
	ReminderIntervals    *string // "" is null
	Metadata             *string // a JSON object of objects
	ScheduledFor         *time.Time
	ScheduledUntil       *time.Time
	RemindPrior          *bool
	AutoInProgress       *bool
	AutoCompleted        *bool
	ToMaintenance        *bool
	ToOperational        *bool
	NotifyAtStart        *bool
	NotifyAtEnd          *bool
	Backfilled           bool       // new ones only
	BackfillDate         *time.Time // new ones only
}

// Applied is what a change did besides changing the incident itself.
type Applied struct {
	Update *Update       // the update that it added, if any
	States []StateChange // component states that it moved
}

// NewIncident creates an incident or, when the status or scheduled_for says so, a maintenance.
// The components' states are changed in cfg. On error cfg is undefined: throw it away.
func NewIncident(change IncidentChange, cfg *Configuration, stamp Stamp) (*Incident, Applied, error) {
	if change.Name == nil {
		return nil, Applied{}, Invalidf("incident.name", "can't be blank")
	}
	i := &Incident{
		ID: stamp.NewID(), Status: Investigating, Impact: ImpactNone,
		CreatedAt: stamp.Now, UpdatedAt: stamp.Now, StartedAt: stamp.Now,
		Components: []string{}, Updates: []Update{},
	}
	if change.Backfilled {
		return i.backfill(change, cfg, stamp)
	}
	if change.BackfillDate != nil {
		return nil, Applied{}, Invalidf("incident.backfill_date", "needs backfilled to be true")
	}
	if change.ScheduledFor != nil || (change.Status != nil && change.Status.Maintenance()) {
		i.Status, i.Impact, i.Schedule = Scheduled, ImpactMaintenance, &Schedule{}
		if change.ScheduledFor == nil {
			return nil, Applied{}, Invalidf("incident.scheduled_for", "can't be blank for a scheduled maintenance")
		}
		if change.ScheduledUntil == nil {
			return nil, Applied{}, Invalidf("incident.scheduled_until", "can't be blank for a scheduled maintenance")
		}
	}
	if change.Status == nil {
		change.Status = new(i.Status)
	}
	applied, err := i.apply(change, cfg, stamp, true)
	if err != nil {
		return nil, Applied{}, err
	}
	return i, applied, nil
}

// backfill makes a historical incident: over before it was entered, silent, without components.
// Times as in real ones: created_at, resolved_at and display_at are the chosen date, started_at
// and the update's created_at the moment of entry.
func (i *Incident) backfill(change IncidentChange, cfg *Configuration, stamp Stamp) (*Incident, Applied, error) {
	if len(change.Components) > 0 {
		return nil, Applied{}, Invalidf("incident.components", "can't be given for a backfilled incident")
	}
	if change.ComponentIDs != nil && len(*change.ComponentIDs) > 0 {
		return nil, Applied{}, Invalidf("incident.component_ids", "can't be given for a backfilled incident")
	}
	if change.ScheduledFor != nil || change.ScheduledUntil != nil {
		return nil, Applied{}, Invalidf("incident.scheduled_for", "can't be given for a backfilled incident")
	}
	if change.Status != nil && *change.Status != Resolved {
		return nil, Applied{}, Invalidf("incident.status", "of a backfilled incident must be resolved")
	}
	date := stamp.Now
	if change.BackfillDate != nil {
		date = *change.BackfillDate
	}
	if date.After(stamp.Now) {
		return nil, Applied{}, Invalidf("incident.backfill_date", "can't be in the future")
	}
	change.Status, change.DeliverNotifications = new(Resolved), new(false)
	applied, err := i.apply(change, cfg, stamp, true)
	if err != nil {
		return nil, Applied{}, err
	}
	i.Backfilled, i.CreatedAt, i.ResolvedAt = true, date, new(date)
	i.Updates[0].DisplayAt = date
	applied.Update = &i.Updates[0]
	return i, applied, nil
}

// Apply changes an existing incident: an update is added when status or body is given. On error
// the incident and cfg are undefined: throw them away.
func (i *Incident) Apply(change IncidentChange, cfg *Configuration, stamp Stamp) (Applied, error) {
	if change.Backfilled && !i.Backfilled {
		return Applied{}, Invalidf("incident.backfilled", "can't be changed")
	}
	return i.apply(change, cfg, stamp, false)
}

func (i *Incident) apply(change IncidentChange, cfg *Configuration, stamp Stamp, creating bool) (Applied, error) {
	if err := change.check(i, cfg, creating); err != nil {
		return Applied{}, err
	}
	if err := i.applyFields(change); err != nil {
		return Applied{}, err
	}
	before := i.attach(change, cfg)
	var applied Applied
	to := i.Status
	if change.Status != nil {
		to = *change.Status
	}
	moved := change.Components
	if automatic := i.automaticStates(to, creating); automatic != nil && len(change.Components) == 0 {
		moved = automatic
	}
	applied.States = setStates(cfg, moved, stamp.Now)
	if !i.IsMaintenance() {
		for _, id := range i.Components {
			i.Impact = i.Impact.Raise(ImpactOf(cfg.Status(id)))
		}
	}
	if change.Status != nil || change.Body != nil {
		u := Update{
			ID: stamp.NewID(), Status: to, Format: Markdown,
			CreatedAt: stamp.Now, UpdatedAt: stamp.Now, DisplayAt: stamp.Now,
			Affected:             i.affected(cfg, before),
			DeliverNotifications: change.DeliverNotifications == nil || *change.DeliverNotifications,
			CustomTweet:          change.CustomTweet,
		}
		if change.Body != nil {
			u.Body = *change.Body
		} else {
			u.Body = StockText(to, !creating && to == i.Status)
		}
		i.addUpdate(u)
		applied.Update = &i.Updates[0]
	}
	i.UpdatedAt = stamp.Now
	return applied, nil
}

// attach brings the list of attached components up to date and answers the states that all of
// them had before.
func (i *Incident) attach(change IncidentChange, cfg *Configuration) map[string]ComponentState {
	if change.ComponentIDs != nil {
		i.Components = []string{}
		for _, id := range *change.ComponentIDs {
			if !slices.Contains(i.Components, id) {
				i.Components = append(i.Components, id)
			}
		}
	}
	for _, id := range sortedKeys(change.Components) {
		if !slices.Contains(i.Components, id) {
			i.Components = append(i.Components, id)
		}
	}
	i.Components = slices.DeleteFunc(i.Components, func(id string) bool { // deleted meanwhile
		_, ok := cfg.Components[id]
		return !ok
	})
	before := make(map[string]ComponentState, len(i.Components))
	for _, id := range i.Components {
		before[id] = cfg.Status(id)
	}
	return before
}

// automaticStates are the component states that a maintenance's own switches ask for when it
// goes to a status, nil for none.
func (i *Incident) automaticStates(to IncidentStatus, creating bool) map[string]ComponentState {
	if i.Schedule == nil || (to == i.Status && !creating) {
		return nil
	}
	var state ComponentState
	switch {
	case to == InProgress && i.Schedule.ToMaintenance:
		state = UnderMaintenance
	case to == Completed && i.Schedule.ToOperational:
		state = Operational
	default:
		return nil
	}
	states := map[string]ComponentState{}
	for _, id := range i.Components {
		states[id] = state
	}
	return states
}

// affected lists the attached components, oldest first as real pages do, nil for none.
func (i *Incident) affected(cfg *Configuration, before map[string]ComponentState) []Affected {
	if len(i.Components) == 0 {
		return nil
	}
	ids := slices.Clone(i.Components)
	slices.SortStableFunc(ids, func(a, b string) int {
		return cmp.Or(cfg.Components[a].CreatedAt.Compare(cfg.Components[b].CreatedAt), cfg.Order(a, b))
	})
	list := make([]Affected, len(ids))
	for n, id := range ids {
		list[n] = Affected{Code: id, Name: cfg.QualifiedName(id), Old: before[id], New: cfg.Status(id)}
	}
	return list
}

// addUpdate puts an update on top and follows its status.
func (i *Incident) addUpdate(u Update) {
	i.Updates = append([]Update{u}, i.Updates...)
	if u.Status.Final() {
		if i.ResolvedAt == nil {
			i.ResolvedAt = new(u.DisplayAt)
		}
	} else {
		i.ResolvedAt = nil
	}
	if i.MonitoringAt == nil && (u.Status == Monitoring || u.Status == Verifying) {
		i.MonitoringAt = new(u.DisplayAt)
	}
	i.Status = u.Status
}

func setStates(cfg *Configuration, states map[string]ComponentState, now time.Time) []StateChange {
	var moved []StateChange
	for _, id := range sortedKeys(states) {
		if change := cfg.SetStatus(id, states[id], now); change != nil {
			moved = append(moved, *change)
		}
	}
	return moved
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
