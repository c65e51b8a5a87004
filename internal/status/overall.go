package status

// Indicator is the colour of the whole page, in Statuspage's words.
type Indicator string

// The indicators.
const (
	IndicatorNone        Indicator = "none"
	IndicatorMaintenance Indicator = "maintenance"
	IndicatorMinor       Indicator = "minor"
	IndicatorMajor       Indicator = "major"
	IndicatorCritical    Indicator = "critical"
)

// Overall is the status of a page in one line.
type Overall struct {
	Indicator   Indicator `json:"indicator"`
	Description string    `json:"description"`
}

// OverallOf computes the page's status from the states of its components, groups left out. Open
// incidents do not count. The table is Statuspage's ("Top level status and incident impact
// calculations"), worst class first.
func OverallOf(states []ComponentState) Overall {
	count := map[ComponentState]int{}
	for _, s := range states {
		count[s]++
	}
	all := len(states)
	switch {
	case all > 0 && count[MajorOutage] == all:
		return Overall{IndicatorCritical, "Major System Outage"}
	case count[MajorOutage] > 0:
		return Overall{IndicatorMajor, "Partial System Outage"}
	case all > 0 && count[PartialOutage] == all:
		return Overall{IndicatorMajor, "Partial System Outage"}
	case count[PartialOutage] > 0:
		return Overall{IndicatorMinor, "Minor Service Outage"}
	case all > 0 && count[DegradedPerformance] == all:
		return Overall{IndicatorMinor, "Degraded System Service"}
	case count[DegradedPerformance] > 0:
		return Overall{IndicatorMinor, "Partially Degraded Service"}
	case count[UnderMaintenance] > 0:
		return Overall{IndicatorMaintenance, "Service Under Maintenance"}
	default:
		return Overall{IndicatorNone, "All Systems Operational"}
	}
}
