package mailing

import (
	"context"
	"math"
	"time"

	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/mailer"
)

// QuotaReader knows what the account may send. mailer.Mailer is one.
type QuotaReader interface {
	Quota(ctx context.Context) (mailer.Quota, error)
}

// quotaAge is how long a quota is believed: it grows as an account earns trust, and is asked for
// again at once when the mail service refuses what it allows.
const quotaAge = 10 * time.Minute

// Quotas is what a mailer may send, remembered for a while.
func Quotas(m QuotaReader) *deliver.QuotaCache {
	return &deliver.QuotaCache{Read: ReadQuota(m), Now: time.Now, MaxAge: quotaAge}
}

// ReadQuota reads a mailer's quota as the ledger counts it, for deliver.QuotaCache.
func ReadQuota(m QuotaReader) func(ctx context.Context) (ledger.Quota, error) {
	return func(ctx context.Context) (ledger.Quota, error) {
		q, err := m.Quota(ctx)
		if err != nil {
			return ledger.Quota{}, err
		}
		return quotaOf(q), nil
	}
}

// quotaOf says in the ledger's words what an account may send. There, 0 is without limit: an account
// that may send nothing has one mail a day, which is sent.
func quotaOf(q mailer.Quota) ledger.Quota {
	if q.Rate == 0 || q.Max24h >= 0 && q.Max24h < 1 {
		return ledger.Quota{PerDay: 1, Used: 1}
	}
	var l ledger.Quota
	if q.Rate > 0 {
		l.PerSecond = q.Rate
	}
	if q.Max24h > 0 {
		l.PerDay, l.Used = int64(q.Max24h), int64(math.Ceil(max(q.Sent24h, 0)))
	}
	return l
}
