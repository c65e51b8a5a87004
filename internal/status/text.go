package status

// Bodies that an update gets when only its status is given. They are the texts that real
// Statuspage pages show, so that readers and clients recognise them.
const (
	TextReminder = "Maintenance will begin as scheduled in 60 minutes."
)

// StockText is the body of an update to a status, repeated when the status was the same before.
func StockText(to IncidentStatus, repeated bool) string {
	switch to {
	case Investigating:
		if repeated {
			return "We are continuing to investigate this issue."
		}
		return "We are currently investigating this issue."
	case Identified:
		if repeated {
			return "We are continuing to work on a fix for this issue."
		}
		return "The issue has been identified and a fix is being implemented."
	case Monitoring:
		if repeated {
			return "We are continuing to monitor for any further issues."
		}
		return "A fix has been implemented and we are monitoring the results."
	case Resolved:
		return "This incident has been resolved."
	case Postmortem:
		return "A postmortem has been published for this incident."
	case Scheduled:
		return "We will be undergoing scheduled maintenance during this time."
	case InProgress:
		return "Scheduled maintenance is currently in progress. We will provide updates as necessary."
	case Verifying:
		return "Verification is currently underway for the maintenance items."
	case Completed:
		return "The scheduled maintenance has been completed."
	default:
		return ""
	}
}
