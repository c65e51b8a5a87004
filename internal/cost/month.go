package cost

import "math"

// month is what a Use comes to, between what was counted and what it costs.
type month struct {
	calls       Calls
	views       float64
	subscribers float64
	components  float64
	incidents   float64
	updates     float64 // of all incidents
	changes     float64 // incidents and updates: each is a request, an event and a publish
	mails       float64
	chunks      float64 // of mails
	sweeping    float64 // part of the ticks that sweep because there is a history, 0 to 1
}

// Month estimates a month of a Use, with the calls that this version was counted to make. Bad
// numbers are a status.Error of code Invalid.
func Month(use Use) (Estimate, error) {
	if err := use.Check(); err != nil {
		return Estimate{}, err
	}
	calls, err := Measured()
	if err != nil {
		return Estimate{}, err
	}
	m := month{
		calls: calls,
		views: float64(use.Views), subscribers: float64(use.Subscribers), components: float64(use.Components),
		incidents: float64(use.Incidents), updates: float64(use.Incidents) * float64(use.Updates),
	}
	m.changes = m.incidents + m.updates
	m.mails = m.changes * m.subscribers
	m.chunks = m.changes * math.Ceil(m.subscribers/mailsPerChunk)
	m.sweeping = min(1, m.incidents*monthsKept/sweepBusyFrom)
	b := &bill{used: map[*price]float64{}}
	m.page(b)
	m.bucket(b)
	m.table(b)
	m.functions(b)
	m.notifying(b)
	m.watching(b)
	return Estimate{Use: use, Items: b.items}, nil
}

// sum adds up what all changes and ticks use of something.
func (m month) sum(of func(Usage) float64) float64 { return m.changing(of) + m.ticking(of) }

// changing is the part of POSTs and PATCHes and what is published of them.
func (m month) changing(of func(Usage) float64) float64 {
	return m.incidents*(of(m.calls[PostOnce])+of(m.calls[PublishMoved])) +
		m.updates*(of(m.calls[Patch])+of(m.calls[PublishPatch]))
}

// ticking is the part of ticks. With a history the sweep has more to do, up to a whole step in
// every minute.
func (m month) ticking(of func(Usage) float64) float64 {
	atRest := of(m.calls[AtRest]) / minutesAtRest
	return ticks * (atRest + m.sweeping*max(0, of(m.calls[TickSweep])-atRest))
}

func callsOf(operations ...string) func(Usage) float64 {
	return func(u Usage) float64 {
		n := 0.0
		for _, o := range operations {
			n += u.Calls[o]
		}
		return n
	}
}

const kilobytesPerGB = 1 << 20

func (m month) page(b *bill) {
	requests := m.views * requestsPerView
	b.counted(&cloudFrontRequests, requests, "CloudFront", "requests of visitors")
	b.counted(&cloudFrontTransfer, m.views*(kilobytesPerView+perComponentView*m.components)/kilobytesPerGB, "CloudFront", "bytes to visitors")
	b.counted(&cloudFrontFunctions, requests, "CloudFront", "function for addresses")
}

func (m month) bucket(b *bill) {
	b.counted(&s3Puts, m.sum(callsOf("PutObject", "ListObjectsV2")), "S3", "puts: documents, heartbeat")
	b.counted(&s3Gets, m.sum(callsOf("GetObject", "HeadObject")), "S3", "gets and heads: publish, tick")
	b.counted(&s3Gets, m.views*requestsPerView*missed, "S3", "gets: CloudFront")
	kept := m.changing(callsOf("PutObject"))*kilobytesPerPut + m.ticking(callsOf("PutObject"))*kilobytesPerHeartbeat
	b.counted(&s3Storage, kept/kilobytesPerGB, "S3", "documents and their versions")
}

func (m month) table(b *bill) {
	b.counted(&dynamoWrites, m.sum(func(u Usage) float64 { return u.WriteUnits.At(m.components) }), "DynamoDB", "writes: api, tick")
	b.counted(&dynamoReads, m.sum(func(u Usage) float64 { return u.ReadUnits.At(m.components) }), "DynamoDB", "reads: api, publish, tick")
	kept := m.changes * monthsKept * kilobytesKept / kilobytesPerGB
	b.counted(&dynamoStorage, kept, "DynamoDB", "storage")
	b.counted(&dynamoRecovery, kept, "DynamoDB", "point-in-time recovery")
}

func (m month) functions(b *bill) {
	for _, f := range []struct {
		name                 string
		invocations, seconds float64
	}{
		{"api", m.changes, apiSeconds},
		{"publish", m.changes, publishSeconds},
		{"tick", ticks, tickSeconds},
	} {
		b.counted(&lambdaRequests, f.invocations, "Lambda", f.name+": invocations")
		b.counted(&lambdaTime, f.invocations*f.seconds*memory, "Lambda", f.name+": time")
	}
	b.counted(&apiRequests, m.changes, "API Gateway", "requests of operators")
}

// notifying is the part that subscribers cause, and the queues that wait for them.
func (m month) notifying(b *bill) {
	b.designed(&sqsRequests, queues*pollsPerQueue, "SQS", "idle pollers of two queues")
	if m.subscribers == 0 {
		return
	}
	b.designed(&sesMails, m.mails, "SES", "mails: one call per recipient")
	b.designed(&dynamoWrites, m.mails*writesPerMail, "DynamoDB", "writes: delivery ledger")
	b.designed(&dynamoReads, m.mails+m.chunks, "DynamoDB", "reads: subscribers, incidents")
	b.designed(&snsPublishes, m.changes+m.mails*eventsPerMail, "SNS", "events, and what became of mails")
	b.designed(&sqsRequests, 3*m.chunks, "SQS", "chunks of ten: sent, received, deleted")
	steps := 2*m.changes + m.chunks + m.mails*eventsPerMail // announce and dispatch, mail, feedback
	b.designed(&lambdaRequests, steps, "Lambda", "announce, dispatch, mail, feedback: invocations")
	b.designed(&lambdaTime, (steps+m.mails)*stepSeconds*memory, "Lambda", "announce, dispatch, mail, feedback: time")
}

func (m month) watching(b *bill) {
	invocations := 2*m.changes + ticks
	b.counted(&logIngestion, invocations*kilobytesPerLog/kilobytesPerGB, "CloudWatch", "logs")
	b.counted(&alarms, metricsOfAlarms, "CloudWatch", "alarms")
	b.counted(&traces, invocations, "X-Ray", "traces")
}
