package status

import "time"

// Step is something that a maintenance does by itself when its time has come.
type Step string

// The steps, in the order in which they come due.
const (
	StepRemind   Step = "remind"
	StepStart    Step = "start"
	StepComplete Step = "complete"
)

// RemindBefore is how long before its start a maintenance sends its reminder.
const RemindBefore = time.Hour

// Due is the next step that a maintenance owes at a time, "" for none. Imported maintenances owe
// nothing: their switches are off.
func (i *Incident) Due(now time.Time) Step {
	if i.Schedule == nil || i.Origin == OriginImport {
		return ""
	}
	s := i.Schedule
	remindAt := s.For.Add(-RemindBefore)
	switch {
	case i.Status == Scheduled && s.AutoInProgress && !now.Before(s.For):
		return StepStart
	case (i.Status == InProgress || i.Status == Verifying) && s.AutoCompleted && !now.Before(s.Until):
		return StepComplete
	case i.Status == Scheduled && s.RemindPrior && s.RemindedAt == nil &&
		!now.Before(remindAt) && now.Before(s.For) && i.CreatedAt.Before(remindAt):
		return StepRemind
	default:
		return ""
	}
}

// Take does a step that is due: it posts the stock update, and moves the component states where
// the maintenance says so. As on Statuspage, such an update lists components only when it moves
// them. It does nothing when the step is not due.
func (i *Incident) Take(step Step, cfg *Configuration, stamp Stamp) Applied {
	if step == "" || i.Due(stamp.Now) != step {
		return Applied{}
	}
	u := Update{
		ID: stamp.NewID(), Format: Markdown,
		CreatedAt: stamp.Now, UpdatedAt: stamp.Now, DisplayAt: stamp.Now,
	}
	switch step {
	case StepRemind:
		i.Schedule.RemindedAt = new(stamp.Now)
		u.Status, u.Body, u.DeliverNotifications = Scheduled, TextReminder, true
	case StepStart:
		u.Status, u.DeliverNotifications = InProgress, i.Schedule.NotifyAtStart
		u.Body = StockText(InProgress, false)
	case StepComplete:
		u.Status, u.DeliverNotifications = Completed, i.Schedule.NotifyAtEnd
		u.Body = StockText(Completed, false)
	}
	before := i.attach(IncidentChange{}, cfg)
	var applied Applied
	if step != StepRemind {
		applied.States = setStates(cfg, i.automaticStates(u.Status, false), stamp.Now)
		if len(applied.States) > 0 {
			u.Affected = i.affected(cfg, before)
		}
	}
	i.addUpdate(u)
	i.UpdatedAt = stamp.Now
	applied.Update = &i.Updates[0]
	return applied
}
