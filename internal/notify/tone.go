package notify

import (
	"strings"

	"allclear/internal/status"
)

// tone is the colour of a state, named for what it means. What has which tone, and the values of
// the colours, are those of the page (site/src/tokens.css).
type tone string

const (
	good     tone = "good"
	planned  tone = "planned"
	minor    tone = "minor"
	major    tone = "major"
	critical tone = "critical"
	neutral  tone = "neutral"
)

func tones() []tone { return []tone{good, planned, minor, major, critical, neutral} }

// colour is one colour in light and in dark.
type colour struct{ light, dark string }

// The colours of mails, named as in tokens.css.
var (
	colourPage    = colour{"#ffffff", "#12161d"}
	colourSurface = colour{"#f5f7f9", "#1a202a"}
	colourLine    = colour{"#dde2e8", "#2d3644"}
	colourText    = colour{"#1a212b", "#e8ecf1"}
	colourQuiet   = colour{"#55606f", "#a3aebd"}
	colourLink    = colour{"#0a54c7", "#8fb8ff"}
	toneText      = map[tone]colour{
		good: {"#106537", "#66d597"}, planned: {"#1a53a8", "#92bdff"}, minor: {"#7a5200", "#f0c555"},
		major: {"#974200", "#ffb27a"}, critical: {"#ab1f1c", "#ff9a92"}, neutral: colourQuiet,
	}
)

func componentTone(s status.ComponentState) tone {
	switch s {
	case status.Operational:
		return good
	case status.UnderMaintenance:
		return planned
	case status.DegradedPerformance:
		return minor
	case status.PartialOutage:
		return major
	case status.MajorOutage:
		return critical
	default:
		return neutral
	}
}

func statusTone(s status.IncidentStatus) tone {
	switch s {
	case status.Resolved, status.Completed:
		return good
	case status.Scheduled, status.InProgress, status.Verifying:
		return planned
	case status.Investigating, status.Identified, status.Monitoring, status.Postmortem:
		return neutral
	default:
		return neutral
	}
}

func impactTone(i status.Impact) tone {
	switch i {
	case status.ImpactMaintenance:
		return planned
	case status.ImpactMinor:
		return minor
	case status.ImpactMajor:
		return major
	case status.ImpactCritical:
		return critical
	case status.ImpactNone:
		return neutral
	default:
		return neutral
	}
}

// stylesheet holds what inline styles cannot say: the colours in dark. Where it is not understood,
// the mail stays light, or the reader's program turns its colours over by itself.
func stylesheet() string {
	rules := [][2]string{
		{".page", "background:" + colourPage.dark + "!important"},
		{".card", "background:" + colourSurface.dark + "!important;border-color:" + colourLine.dark + "!important"},
		{".ink", "color:" + colourText.dark + "!important"},
		{".quiet", "color:" + colourQuiet.dark + "!important"},
		{".link", "color:" + colourLink.dark + "!important"},
		{".line", "border-color:" + colourLine.dark + "!important"},
		{".button", "background:" + colourLink.dark + "!important"},
		{".label", "color:" + colourPage.dark + "!important"},
		{".code", "background:" + colourPage.dark + "!important"},
		{".logo", "color:" + colourText.light + "!important;background:" + colourPage.light + "!important;padding:6px 10px!important;border-radius:6px!important"}, // was drawn for light
	}
	for _, t := range tones() {
		rules = append(rules, [2]string{"." + string(t), "color:" + toneText[t].dark + "!important"})
	}
	var dark, outlook strings.Builder
	for _, rule := range rules {
		dark.WriteString(rule[0] + "{" + rule[1] + "}")
		outlook.WriteString("[data-ogsc] " + rule[0] + "{" + rule[1] + "}") // Outlook's apps, when dark
	}
	return ":root{color-scheme:light dark;supported-color-schemes:light dark}" +
		"@media (prefers-color-scheme:dark){" + dark.String() + "}" + outlook.String()
}
