package status

// Impact is how bad an incident is, in Statuspage's words.
type Impact string

// The impacts, from least to worst. Maintenance is that of scheduled maintenances.
const (
	ImpactNone        Impact = "none"
	ImpactMaintenance Impact = "maintenance"
	ImpactMinor       Impact = "minor"
	ImpactMajor       Impact = "major"
	ImpactCritical    Impact = "critical"
)

// Valid tells whether i is one of the five impacts.
func (i Impact) Valid() bool { return i.severity() >= 0 }

func (i Impact) severity() int {
	switch i {
	case ImpactNone:
		return 0
	case ImpactMaintenance:
		return 1
	case ImpactMinor:
		return 2
	case ImpactMajor:
		return 3
	case ImpactCritical:
		return 4
	default:
		return -1
	}
}

// ImpactOf is the impact that one component's state has on a realtime incident.
func ImpactOf(s ComponentState) Impact {
	switch s {
	case MajorOutage:
		return ImpactCritical
	case PartialOutage:
		return ImpactMajor
	case DegradedPerformance:
		return ImpactMinor
	case Operational, UnderMaintenance:
		return ImpactNone
	default:
		return ImpactNone
	}
}

// Raise is the worse of two impacts. An incident's impact rises and never falls.
func (i Impact) Raise(to Impact) Impact {
	if to.severity() > i.severity() {
		return to
	}
	return i
}
