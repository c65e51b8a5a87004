package notify

// The data of the templates. What people typed is text, so that nothing needs escaping there.

type pageWords struct{ Page, Zone text }

func (w pageWords) field(name string) any {
	switch name {
	case "Page":
		return w.Page
	case "Zone":
		return w.Zone
	}
	return nil
}

type stateWords struct {
	Name, State text
	Tone        tone
}

func (w stateWords) field(name string) any {
	switch name {
	case "Name":
		return w.Name
	case "State":
		return w.State
	case "Tone":
		return w.Tone
	}
	return nil
}

type updateWords struct {
	Label, At, Summary text
	Body               string // stands for the body; see composer.body
	Cut                bool   // the body is longer than shown
	Latest             bool
}

func (w updateWords) field(name string) any {
	switch name {
	case "Label":
		return w.Label
	case "At":
		return w.At
	case "Summary":
		return w.Summary
	case "Body":
		return w.Body
	case "Cut":
		return w.Cut
	case "Latest":
		return w.Latest
	}
	return nil
}

type incidentWords struct {
	pageWords
	Name, Status, Impact   text
	StatusTone, ImpactTone tone
	From, Until            text // of a maintenance
	Components             list[stateWords]
	MoreComponents         int // than are listed
	Latest                 updateWords
	Earlier                list[updateWords]
	Older                  int // updates than are shown
}

func (w incidentWords) field(name string) any {
	switch name {
	case "Name":
		return w.Name
	case "Status":
		return w.Status
	case "Impact":
		return w.Impact
	case "StatusTone":
		return w.StatusTone
	case "ImpactTone":
		return w.ImpactTone
	case "From":
		return w.From
	case "Until":
		return w.Until
	case "Components":
		return w.Components
	case "MoreComponents":
		return w.MoreComponents
	case "Latest":
		return w.Latest
	case "Earlier":
		return w.Earlier
	case "Older":
		return w.Older
	}
	return w.pageWords.field(name)
}

type changeWords struct {
	Name, Old, New text
	Tone           tone
}

func (w changeWords) field(name string) any {
	switch name {
	case "Name":
		return w.Name
	case "Old":
		return w.Old
	case "New":
		return w.New
	case "Tone":
		return w.Tone
	}
	return nil
}

type changesWords struct {
	pageWords
	At      text
	Changes list[changeWords]
	Count   int
	More    int // than are listed
}

func (w changesWords) field(name string) any {
	switch name {
	case "At":
		return w.At
	case "Changes":
		return w.Changes
	case "Count":
		return w.Count
	case "More":
		return w.More
	}
	return w.pageWords.field(name)
}

type linkWords struct {
	pageWords
	Until text
}

func (w linkWords) field(name string) any {
	if name == "Until" {
		return w.Until
	}
	return w.pageWords.field(name)
}

type endpointWords struct {
	pageWords
	Host, Since, Reason text
}

func (w endpointWords) field(name string) any {
	switch name {
	case "Host":
		return w.Host
	case "Since":
		return w.Since
	case "Reason":
		return w.Reason
	}
	return w.pageWords.field(name)
}

// wordsOf is what the mails of a kind fill their template with, empty.
func wordsOf(kind Kind) record {
	switch kind {
	case ComponentsChanged:
		return changesWords{}
	case ConfirmationAsked, ManageAsked:
		return linkWords{}
	case EndpointFailing:
		return endpointWords{}
	case IncidentCreated, IncidentUpdated, IncidentResolved, IncidentPostmortem,
		MaintenanceScheduled, MaintenanceReminder, MaintenanceStarted, MaintenanceUpdated, MaintenanceCompleted:
		return incidentWords{}
	default:
		return pageWords{} // which every mail has
	}
}
