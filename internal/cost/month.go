package cost

// month is what a Use comes to, between what was counted and what it costs.
type month struct {
	calls       Calls
	views       float64
	subscribers float64
	components  float64
	incidents   float64
	updates     float64 // of all incidents
	changes     float64 // incidents and updates: each is a request, an event and a publish
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
	b.counted(&sqsRequests, queues*pollsPerQueue, "SQS", "idle pollers of two queues")
	if m.subscribers == 0 {
		return
	}
	mails := m.telling(callsOf("SendEmail"))
	invocations := m.telling(callsOf("Invoke"))
	chunks := max(0, invocations-2*m.changes-mails*reportsPerMail) // the rest is announce, dispatch and feedback
	b.counted(&sesMails, mails, "SES", "mails: one call per recipient")
	b.counted(&dynamoWrites, m.telling(func(u Usage) float64 { return u.WriteUnits.At(m.components) }), "DynamoDB", "writes: delivery ledger")
	b.counted(&dynamoReads, m.telling(func(u Usage) float64 { return u.ReadUnits.At(m.components) }), "DynamoDB", "reads: ledger, subscribers, incidents")
	b.counted(&snsPublishes, m.telling(callsOf("Publish")), "SNS", "events, and what became of mails")
	b.counted(&sqsRequests, m.telling(callsOf("SendMessageBatch"))+2*chunks, "SQS", "chunks of ten: sent, received, deleted")
	b.counted(&lambdaRequests, invocations, "Lambda", "announce, dispatch, mail, feedback: invocations")
	b.counted(&lambdaTime, (invocations+mails)*stepSeconds*memory, "Lambda", "announce, dispatch, mail, feedback: time")
}

// telling is the part of telling every subscriber of every change. What there is for fewer than
// were counted is a part of that.
func (m month) telling(of func(Usage) float64) float64 {
	few, many := of(m.calls[ToldFew]), of(m.calls[ToldMany])
	if m.subscribers < FewTold {
		return m.changes * few * m.subscribers / FewTold
	}
	return m.changes * (few + (m.subscribers-FewTold)*(many-few)/(ManyTold-FewTold))
}

func (m month) watching(b *bill) {
	invocations, burst := 2*m.changes+ticks, m.telling(callsOf("Invoke"))
	b.counted(&logIngestion, (invocations+burst)*kilobytesPerLog/kilobytesPerGB, "CloudWatch", "logs")
	b.counted(&alarms, metricsOfAlarms, "CloudWatch", "alarms")
	b.counted(&traces, invocations+burst*tracedOfBursts, "X-Ray", "traces")
}
