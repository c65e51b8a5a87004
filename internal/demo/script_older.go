package demo

import "allclear/internal/status"

// older are the incidents before the last month, newest first.
func older() []story {
	return []story{
		{daysAgo: 33, clock: clock{4, 55}, name: "DNS changes not taking effect", posts: []post{
			{0, investigating, states{dns: degraded}, "Changes to DNS records that were made after 04:30 UTC are accepted but do not take effect. Existing records are answered normally."},
			{32, identified, nil, "One zone file with an unusual record stops the distribution of all that come after it. We are taking it out of the queue and have informed its owner."},
			{61, monitoring, nil, "Distribution is running again. The 1,300 waiting changes should take effect within half an hour."},
			{110, resolved, states{dns: fine}, "All waiting changes have taken effect. A zone that cannot be distributed is now set aside, and no longer holds the others up."},
		}},
		{daysAgo: 36, clock: clock{18, 20}, name: "Support desk not reachable by e-mail", posts: []post{
			{0, investigating, states{support: partial}, "E-mails to support are returned to their senders. Chat works as usual: [example.com/support](https://example.com/support)."},
			{29, identified, nil, "The mailbox service of our supplier refuses messages for several of its customers. They are working on it. Please use the chat until then."},
			{88, monitoring, states{support: fine}, "E-mails arrive again. If yours was returned between 18:10 and 19:45 UTC, please send it once more: we did not receive it."},
			{125, resolved, nil, "E-mail has worked without interruption for 40 minutes. We have set up a second mail route with another supplier."},
		}},
		{daysAgo: 41, clock: clock{10, 9}, name: "Failed uploads of large files to object storage", posts: []post{
			{0, investigating, states{storage: partial}, "Uploads of files larger than 64 MB fail with `500` in many cases. Downloads, and uploads of smaller files, are not affected."},
			{17, identified, nil, "Uploads in several parts fail when their parts arrive at different gateways, since this morning's release. We are going back to the release before."},
			{31, identified, nil, "The earlier release is on 40 % of the gateways. Retrying a failed upload has a good chance to succeed."},
			{49, monitoring, states{storage: fine}, "The earlier release is on all gateways and uploads of every size succeed. We are watching the error rate."},
			{91, resolved, nil, "No upload has failed since 10:58 UTC. Incomplete uploads can be continued where they stopped; what is not continued is removed after seven days, free of charge.\n\n" +
				"Our release checks uploaded large files through one gateway only. They now go through all of them."},
		}},
		{daysAgo: 44, clock: clock{23, 22}, name: "Packet loss between private networks", posts: []post{
			{0, investigating, states{private: partial}, "We see packet loss between services in different zones. Connections may be slow or time out. We are investigating."},
			{14, investigating, states{private: major, runtime: partial, balancer: degraded}, "Traffic between zones is largely interrupted. Services that depend on another zone may fail, and public traffic to them may be answered with errors. The network team has been called in."},
			{37, identified, nil, "Two core routers disagree about the routes between zones after a link flapped, and discard part of the traffic. We are preparing to isolate one of them. Next update by 00:40 UTC."},
			{72, identified, states{private: partial, runtime: degraded, balancer: fine}, "One router has been isolated and most traffic flows again. Between two of the zones loss is still at about 5 %."},
			{131, monitoring, states{private: degraded, runtime: fine}, "The isolated router has been restarted with a clean routing table and carries traffic again. Loss is below 0.1 %. We keep watching through the night."},
			{184, resolved, states{private: fine}, "There has been no loss for 50 minutes. We are sorry for the long interruption.\n\n" +
				"**Cause**: a defect in the routers' software, which the manufacturer has confirmed. When a link goes down and up within the same second, old routes are kept.\n\n" +
				"**What we do**: links are held down for five seconds from tonight on, which avoids the defect. The corrected software will be installed in an announced maintenance."},
		}},
		{daysAgo: 49, clock: clock{8, 14}, name: "Console showing outdated service states", posts: []post{
			{0, investigating, states{console: degraded}, "The console shows states of services that are up to 15 minutes old. The API answers with current ones."},
			{21, monitoring, nil, "A worker that feeds the console had been stuck since 08:00 UTC. It has been restarted and has caught up."},
			{38, resolved, states{console: fine}, "The console is up to date. It now says how old its data is as soon as that is more than one minute."},
		}},
		{daysAgo: 53, clock: clock{14, 37}, name: "Messages delivered more than once", posts: []post{
			{0, investigating, states{queues: degraded}, "Some queues deliver messages a second or third time. No messages are lost. Consumers that expect each message once may need your attention."},
			{26, identified, nil, "Acknowledgements reach one of the queue nodes too late because its clock is off by several seconds. We are taking it out of service."},
			{44, monitoring, nil, "The node is out of service, and no repeated deliveries have been seen since 15:18 UTC."},
			{85, resolved, states{queues: fine}, "Deliveries are normal. About 0.4 % of the messages between 14:20 and 15:18 UTC were delivered more than once. Nodes whose clock is off by more than 100 ms now leave service by themselves."},
		}},
		{daysAgo: 57, clock: clock{6, 3}, name: "Snapshots of large volumes failing", posts: []post{
			{0, investigating, states{backups: partial}, "Snapshots of volumes larger than 2 TB fail. Smaller ones, existing snapshots and restores are not affected."},
			{47, identified, nil, "A time limit that was introduced yesterday is too short for large volumes. We are raising it."},
			{92, monitoring, states{backups: fine}, "The limit has been raised, and the failed snapshots of this night are being made now."},
			{173, resolved, nil, "All missed snapshots have been made. Nobody is without a snapshot younger than 24 hours. The time limit now depends on the size of the volume."},
		}},
		{daysAgo: 61, clock: clock{19, 51}, name: "Builds waiting for capacity", posts: []post{
			{0, investigating, states{builds: degraded}, "Builds wait for up to 12 minutes before they start."},
			{13, identified, nil, "New build machines fail to start because the pool of addresses for them is used up. We are adding a second pool."},
			{40, monitoring, nil, "The second pool is in use, waiting times are falling, and the longest is now three minutes."},
			{66, resolved, states{builds: fine}, "Builds start within ten seconds again. We now get an alert when 80 % of a pool are in use."},
		}},
		{daysAgo: 66, clock: clock{12, 18}, name: "Delayed certificates for new custom domains", posts: []post{
			{0, identified, nil, "Certificates for *newly added* custom domains are issued with a delay of several hours: the certificate authority has announced a queue on its side. Existing domains and their renewals are not affected."},
			{134, identified, nil, "The authority has worked off part of its queue. Certificates currently take about 90 minutes."},
			{287, monitoring, nil, "New certificates are issued within a few minutes again."},
			{362, resolved, nil, "All waiting domains have their certificates. Our own systems worked throughout; we will offer a second authority as a choice this quarter."},
		}},
		{daysAgo: 70, clock: clock{16, 44}, name: "Load balancers closing long connections", posts: []post{
			{0, investigating, states{balancer: partial}, "Connections that stay open for more than a minute, such as WebSockets and streams, are closed unexpectedly. Ordinary requests are not affected."},
			{8, identified, nil, "A new setting for idle connections was applied with the wrong unit. We are putting the old value back."},
			{26, monitoring, states{balancer: fine}, "The old value is in place everywhere. Connections that are opened from now on stay open."},
			{68, resolved, nil, "Long connections have been stable for 40 minutes. Settings that hold a duration now have to name its unit, or they are refused."},
		}},
		{daysAgo: 74, clock: clock{3, 33}, name: "Package mirror unavailable at our supplier", impact: status.ImpactMinor, posts: []post{
			{0, investigating, states{mirror: major, builds: degraded}, "The public package mirror that builds read from does not answer. Builds with packages that are not yet in our cache fail."},
			{24, identified, nil, "The supplier has confirmed an outage. We are sending builds to the packages' original sources, which are slower."},
			{41, monitoring, states{builds: fine}, "Builds succeed again. Those that failed since 03:30 UTC can be started anew."},
			{112, resolved, states{mirror: fine}, "The mirror is back and builds use it again. The way around it is now taken automatically."},
		}},
		{daysAgo: 79, clock: clock{21, 12}, name: "API and console unavailable", posts: []post{
			{0, investigating, states{api: major, console: major}, "API and console do not answer. Services keep running and serving traffic, but cannot be changed. All hands are on it."},
			{7, identified, nil, "A change to the request limits rejects every request. We are undoing it by hand, as our usual way needs the API itself."},
			{23, monitoring, states{api: fine, console: fine}, "API and console answer again. Changes that were asked for during the outage were rejected and need to be repeated."},
			{58, resolved, nil, "Everything has worked normally for 30 minutes. We are sorry: this should not have been possible.\n\n" +
				"- The change skipped the staged roll-out because it was marked as urgent. That mark no longer exists.\n" +
				"- Undoing it took twelve minutes longer than needed. There is now a way that does not depend on the API."},
		}},
		{daysAgo: 84, clock: clock{9, 40}, name: "Slow metrics dashboards", posts: []post{
			{0, investigating, states{metrics: degraded}, "Dashboards that span more than a day load slowly or time out. Alerts are not affected."},
			{31, identified, nil, "A night job that compacts older metrics is still running and takes most of the disk throughput. We are slowing it down."},
			{54, monitoring, nil, "Dashboards load at their usual speed."},
			{75, resolved, states{metrics: fine}, "The job has ended. It now gives way to queries, and stops by itself at 06:00 UTC."},
		}},
		{daysAgo: 88, clock: clock{13, 29}, name: "Services scaling up slowly", posts: []post{
			{0, investigating, states{runtime: degraded}, "New instances of services take up to four minutes to start when a service scales up. Running instances are not affected."},
			{19, identified, nil, "Placing instances takes too long on machines with many small services. We are adding machines to spread them out."},
			{33, monitoring, nil, "With the additional machines, instances start within 20 seconds again."},
			{55, resolved, states{runtime: fine}, "Starting times are normal. We have changed how machines are chosen, so that it no longer depends on the number of services on them."},
		}},
	}
}

// works are the scheduled maintenances.
func works() []work {
	return []work{
		{
			announced: 6, days: 2, clock: clock{22, 0}, minutes: 90, name: "Database platform upgrade in the second zone", parts: []part{database, backups},
			body: "We are upgrading the machines below managed databases in the second zone.\n\n" +
				"- Databases **with** a replica fail over once; expect connections to drop for up to 40 seconds.\n" +
				"- Databases **without** a replica are unavailable for about five minutes.\n" +
				"- Snapshots that fall into this time are made afterwards.\n\n" +
				"You can move your database to a time of your choice before then: [example.com/docs/databases/maintenance](https://example.com/docs/databases/maintenance).",
		},
		{
			announced: 19, days: -12, clock: clock{2, 0}, minutes: 120, name: "Router software update", parts: []part{private, balancer},
			body: "We are installing the corrected software on our core routers, one after the other. Traffic moves to the other router each time; " +
				"we expect no interruption, but single connections may be slow for a few seconds.",
			posts: []post{
				{52, inProgress, nil, "The first router runs the new software and carries traffic. We are going on with the second one."},
				{97, verifying, nil, "Both routers run the new software. We are taking links down and up on purpose to see that the defect is gone."},
			},
		},
		{
			announced: 55, days: -47, clock: clock{5, 30}, minutes: 60, name: "Sign-in database move", parts: []part{signIn}, byHand: true,
			body: "We are moving the database behind sign-in to new machines. Signing in may fail for up to two minutes in this time. Existing sessions and access tokens go on working.",
			posts: []post{
				{24, verifying, nil, "The database has moved; signing in was interrupted for 48 seconds. We are checking that all regions use the new machines."},
				{41, completed, nil, "The move is complete and signing in works in all regions. Thank you for your patience."},
			},
		},
	}
}
