package demo

import "allclear/internal/status"

// part names a component of the script, before it has an id.
type part string

const (
	runtime  part = "runtime"
	builds   part = "builds"
	jobs     part = "jobs"
	storage  part = "storage"
	database part = "database"
	backups  part = "backups"
	queues   part = "queues"
	balancer part = "balancer"
	edge     part = "edge"
	dns      part = "dns"
	private  part = "private"
	console  part = "console"
	api      part = "api"
	signIn   part = "sign-in"
	metrics  part = "metrics"
	support  part = "support"
	mirror   part = "mirror"
)

type component struct {
	part        part
	name        string
	description string
	hidden      bool // only shown if degraded, and without an uptime bar
}

type group struct {
	name        string // "" for components outside any group
	description string
	members     []component
}

// settings are those of the page of a company that does not exist.
func settings() status.Settings {
	s := status.DefaultSettings("Brackenport Cloud")
	s.Headline = "Live state and history of Brackenport Cloud"
	s.Description = "Containers, data and networking for your applications. " +
		"This page is kept up to date by the people on call, around the clock."
	s.Subdomain = "brackenport"
	s.Website = "https://example.com"
	s.SupportURL = "https://example.com/support"
	s.NotificationsFromEmail = "status@example.com"
	return s
}

func groups() []group {
	return []group{
		{"Compute", "Where your services run", []component{
			{part: runtime, name: "Container runtime", description: "Starting, running and scaling your services"},
			{part: builds, name: "Builds and deployments", description: "Building images and rolling them out"},
			{part: jobs, name: "Scheduled jobs", description: "Jobs that start at a set time"},
		}},
		{"Data", "Where your data lives", []component{
			{part: storage, name: "Object storage", description: "Reading and writing objects in buckets"},
			{part: database, name: "Managed databases", description: "Primary and replica database instances"},
			{part: backups, name: "Backups and snapshots", description: "Making and restoring copies of volumes and databases"},
			{part: queues, name: "Message queues", description: "Sending and receiving messages"},
		}},
		{"Network", "How traffic reaches you", []component{
			{part: balancer, name: "Load balancing", description: "Public entry points and their certificates"},
			{part: edge, name: "Edge cache", description: "Cached content, close to your visitors"},
			{part: dns, name: "DNS", description: "Answering for your domains, and applying changes to them"},
			{part: private, name: "Private networking", description: "Traffic between your own services"},
		}},
		{"Platform", "How you control all of it", []component{
			{part: console, name: "Console", description: "console.example.com"},
			{part: api, name: "API", description: "api.example.com, and everything that is built on it"},
			{part: signIn, name: "Sign-in and access", description: "Signing in, access tokens, roles"},
			{part: metrics, name: "Metrics and logs", description: "Collecting, searching and alerting"},
		}},
		{"", "", []component{
			{part: support, name: "Support desk", description: "Answers by e-mail and chat, every day of the year"},
			{part: mirror, name: "Public package mirror", description: "Run by a supplier; builds read from it", hidden: true},
		}},
	}
}
