package setup

import (
	"context"
	"encoding/json"
	"fmt"

	"allclear/internal/customresource"
	"allclear/internal/secret"
	"allclear/internal/status"
)

// preflightProperties are those of the resource Preflight: what was chosen at the deployment.
type preflightProperties struct {
	PageName, TimeZone                  string
	PageDomain, PageCertificate         string
	OperatorDomain, OperatorCertificate string
}

// check refuses what the template's own patterns cannot know, in the words of serverless.yml.
func (p preflightProperties) check() error {
	if err := checkPage(p.PageName, p.TimeZone); err != nil {
		return err
	}
	switch {
	case p.PageDomain != "" && p.PageCertificate == "":
		return status.Invalidf("page-certificate", "is needed with page-domain: the ARN of a certificate for %s in us-east-1", p.PageDomain)
	case p.PageDomain == "" && p.PageCertificate != "":
		return status.Invalidf("page-domain", "is needed with page-certificate")
	case p.OperatorDomain != "" && p.OperatorCertificate == "":
		return status.Invalidf("operator-certificate", "is needed with operator-domain: the ARN of a certificate for %s in us-east-1", p.OperatorDomain)
	case p.OperatorDomain == "" && p.OperatorCertificate != "":
		return status.Invalidf("operator-domain", "is needed with operator-certificate")
	case p.OperatorDomain != "" && p.OperatorDomain == p.PageDomain:
		return status.Invalidf("operator-domain", "must be another one than page-domain, so that the two share no cookies and no scripts")
	}
	return nil
}

func checkPage(name, zone string) error {
	if err := status.CheckName("page-name", name); err != nil {
		return err
	}
	return status.CheckTimeZone("time-zone", zone)
}

// preflight refuses a deployment that cannot work before anything public is made, and makes the
// secrets where they are missing. They stay when the stack goes, since links in mails live longer
// than that.
func (s *Setup) preflight(ctx context.Context, r customresource.Request) (customresource.Answer, error) {
	answer := customresource.Answer{ID: preflightID}
	if r.Kind == customresource.Delete {
		if !s.Disposable {
			return answer, nil
		}
		for _, name := range []string{secret.SigningKey, secret.Origin} {
			if err := s.Secrets.Remove(ctx, name); err != nil {
				return answer, err
			}
		}
		return answer, nil
	}
	var p preflightProperties
	if err := json.Unmarshal(r.Properties, &p); err != nil {
		return answer, fmt.Errorf("decode properties of %s: %w", r.Type, err)
	}
	if err := p.check(); err != nil {
		return answer, err
	}
	if _, err := s.Secrets.Ensure(ctx, secret.SigningKey, secret.New); err != nil {
		return answer, err
	}
	origin, err := s.Secrets.Ensure(ctx, secret.Origin, secret.New)
	if err != nil {
		return answer, err
	}
	answer.Data, answer.Secret = map[string]any{"OriginSecret": origin}, true
	return answer, nil
}
