package demo

// going is the incident that is open now.
func going() story {
	return story{ago: 42, name: "Connection errors on managed databases", posts: []post{
		{0, investigating, states{database: partial}, "Some applications cannot open new connections to their managed database. " +
			"Connections that are already open keep working.\n\nWe are looking into it and will write again within 15 minutes."},
		{13, identified, states{database: partial, backups: degraded}, "The connection proxies in one of our three zones have run out of file handles " +
			"after a configuration change. About one in five new connections fails there with `connection refused`.\n\n" +
			"- Databases in the other two zones are not affected.\n- No data is at risk.\n- Snapshots in the affected zone start late.\n\n" +
			"We are rolling the change back, one proxy at a time, so that open connections survive. Next update within 30 minutes."},
		{33, identified, nil, "Half of the proxies run with the earlier configuration again and the error rate has fallen to about one in twelve. " +
			"If your client can, let it retry: a second attempt usually succeeds. [How to set up retries](https://example.com/docs/databases/retries).\n\n" +
			"We expect to finish within the hour, and will write again in 30 minutes at the latest."},
	}}
}

// recent are the incidents of the last month, newest first.
func recent() []story {
	return []story{
		{daysAgo: 3, clock: clock{9, 16}, name: "Slow image pulls for new deployments", posts: []post{
			{0, investigating, states{builds: degraded}, "New deployments take several minutes longer than usual to start. Services that are running are not affected. We are investigating."},
			{14, identified, nil, "One of the two image caches lost its disk index after a restart and sends every pull to the origin. " +
				"We are rebuilding the index; until then pulls go to the other cache, which is busy. Next update at 10:00 UTC."},
			{37, monitoring, states{builds: fine}, "The index is complete and pull times are back to normal. We are watching the next round of deployments."},
			{52, resolved, nil, "Deployments have started at their usual speed for the last quarter of an hour. " +
				"The cache now keeps a second copy of its index and checks it before it takes traffic."},
		}},
		{daysAgo: 6, clock: clock{17, 43}, name: "Sign-in codes arriving late", posts: []post{
			{0, investigating, states{signIn: degraded}, "One-time codes for signing in arrive up to ten minutes late by e-mail. Authenticator apps and hardware keys work as usual, and so do access tokens."},
			{22, identified, nil, "Our mail supplier is accepting messages slowly. We are moving sign-in codes to our second supplier."},
			{48, monitoring, nil, "All new codes now go through the second supplier and arrive within seconds. Older codes may still trickle in; they have expired and can be ignored."},
			{95, resolved, states{signIn: fine}, "Codes have arrived on time for 45 minutes. From now on the switch between suppliers happens by itself when codes take longer than 60 seconds."},
		}},
		{daysAgo: 9, clock: clock{2, 21}, name: "Elevated error rate on the API", posts: []post{
			{0, investigating, states{api: partial, console: degraded}, "Around a third of API requests fail with `503`. The console, which uses the same API, loads slowly or not at all. Running services and their traffic are not affected."},
			{11, identified, nil, "The failures come from one of the API's three clusters, which lost its connection to the settings store. We are taking this cluster out of service."},
			{26, identified, nil, "The cluster is out of service. Requests that were still open on it may take up to ten minutes to fail. Next update in 15 minutes."},
			{38, monitoring, states{api: fine, console: fine}, "Error rate and response times are normal on the two remaining clusters. We are bringing the third back under observation."},
			{74, resolved, nil, "All three clusters have served requests without errors for 30 minutes. An expired internal certificate had cut the connection: " +
				"its renewal had been failing silently for six days. We have added an alert for every certificate with less than two weeks to live."},
		}},
		{daysAgo: 13, clock: clock{13, 5}, name: "Wrong figures on the usage page", posts: []post{
			{0, investigating, nil, "The usage page shows about twice the real traffic for yesterday. We are looking for the reason. Services are not affected, and no invoice has been sent with these figures."},
			{41, identified, nil, "Yesterday's records were read twice after a worker restarted. The stored records are right; only the sums on the page are wrong. We are computing them again."},
			{196, monitoring, nil, "The new sums are in place. We are comparing a sample of accounts with the stored records."},
			{251, resolved, nil, "All figures of yesterday have been corrected and checked. Each record is now counted under its own number, so that reading it twice changes nothing."},
		}},
		{daysAgo: 17, clock: clock{20, 31}, name: "Edge cache errors in two regions", posts: []post{
			{0, investigating, states{edge: major}, "Visitors in Northern Europe and on the east coast of North America see `502` errors on cached sites. We are investigating with high priority."},
			{9, identified, nil, "A faulty rule update makes cache nodes restart in a loop. Distribution of the rule has been stopped, and other regions did not receive it. We are withdrawing it where it has arrived."},
			{21, identified, nil, "The rule has been withdrawn on half of the nodes. Sites are reachable again for most visitors in North America. Next update in 15 minutes."},
			{34, monitoring, states{edge: degraded}, "All nodes are up. Their caches are cold, so some pages take longer than usual until they are filled."},
			{82, resolved, states{edge: fine}, "Hit rates are back to normal in both regions and no errors have been seen for 45 minutes.\n\n" +
				"What happened: the rule passed our tests because the test nodes have twice the memory of some nodes in service. " +
				"Rules now go to one small node in each region first, and wait there for ten minutes."},
		}},
		{daysAgo: 21, clock: clock{7, 48}, name: "Log lines delayed", posts: []post{
			{0, investigating, states{metrics: degraded}, "Log lines appear in search with a delay of up to 25 minutes. None are lost. Metrics and their alerts are on time; alerts on log lines fire late."},
			{35, identified, nil, "A single very large index slows the others on the same machines down. We are moving it to machines of its own, which takes a while."},
			{104, identified, nil, "The move is about two thirds done. The delay is down to 12 minutes. Next update by 10:15 UTC."},
			{142, monitoring, nil, "The move is complete and the backlog is shrinking quickly."},
			{161, resolved, states{metrics: fine}, "Log lines appear within seconds again, and everything written this morning can be searched. Indexes above a certain size now get their own machines automatically."},
		}},
		{daysAgo: 24, clock: clock{11, 27}, name: "Scheduled jobs starting late", posts: []post{
			{0, investigating, states{jobs: degraded}, "Jobs that were due since 11:15 UTC start between two and nine minutes late. No job has been skipped."},
			{18, monitoring, nil, "The scheduler's leader had stopped handing out work, though it reported itself as healthy. We have made another one the leader, and late jobs are catching up."},
			{47, resolved, states{jobs: fine}, "Jobs start on time again. The scheduler's health check now looks at how late the most overdue job is, instead of whether the process answers."},
		}},
		{daysAgo: 28, clock: clock{15, 2}, name: "Database failovers in one zone", posts: []post{
			{0, investigating, states{database: partial}, "A number of databases in one zone have failed over to their replicas. Applications lose their connections for 20 to 40 seconds when that happens. We are looking into the cause."},
			{16, identified, nil, "A power feed in the zone has failed and a rack is down. Databases **with** a replica have failed over by themselves. Databases **without** a replica in this rack, about 2 % of all, are unavailable until it is back."},
			{39, identified, nil, "Technicians are on site and are moving the rack to another feed. We expect power within 20 minutes."},
			{58, monitoring, states{database: degraded}, "The rack has power and all databases accept connections. Replicas are catching up; until they have, reads from them may be a few minutes old."},
			{87, resolved, states{database: fine}, "All replicas are in step. The two feeds of this rack had been connected to the same circuit by mistake during the last extension. We have checked every other rack in the zone and found no second case."},
		}},
	}
}

// entered are incidents that were written down after the fact.
func entered() []backfill {
	return []backfill{
		{30, clock{8, 40}, 27, "Missing build notifications", "Between 08:40 and 09:25 UTC, notifications of finished builds were not delivered to chat and webhook targets. " +
			"Builds themselves were not affected. We noticed only through a customer's report, and have since added a check that sends a notification to ourselves every minute. " +
			"Missed notifications have been delivered later where the target still accepted them."},
		{63, clock{22, 14}, 60, "Short interruption of private networking", "At 22:14 UTC a switch in one zone restarted after a hardware fault, and traffic between services through this switch was interrupted for 70 seconds. " +
			"Our monitoring put it down to the maintenance of a neighbouring device, so nobody was informed at the time. We are sorry about that. The switch has been replaced."},
	}
}
