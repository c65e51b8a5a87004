package templatetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"allclear/internal/front"
)

// headersPolicy is an AWS::CloudFront::ResponseHeadersPolicy.
type headersPolicy struct {
	Config struct {
		CORS *struct {
			Credentials bool `yaml:"AccessControlAllowCredentials"`
			Origins     struct {
				Items []string `yaml:"Items"`
			} `yaml:"AccessControlAllowOrigins"`
		} `yaml:"CorsConfig"`
		Security struct {
			Content struct {
				Value    string `yaml:"ContentSecurityPolicy"`
				Override bool   `yaml:"Override"`
			} `yaml:"ContentSecurityPolicy"`
			Types *struct {
				Override bool `yaml:"Override"`
			} `yaml:"ContentTypeOptions"`
			Referrer struct {
				Value    string `yaml:"ReferrerPolicy"`
				Override bool   `yaml:"Override"`
			} `yaml:"ReferrerPolicy"`
			Transport struct {
				Seconds    int  `yaml:"AccessControlMaxAgeSec"`
				Subdomains bool `yaml:"IncludeSubdomains"`
				Preload    bool `yaml:"Preload"`
				Override   bool `yaml:"Override"`
			} `yaml:"StrictTransportSecurity"`
		} `yaml:"SecurityHeadersConfig"`
		Custom struct {
			Items []struct {
				Header   string `yaml:"Header"`
				Value    string `yaml:"Value"`
				Override bool   `yaml:"Override"`
			} `yaml:"Items"`
		} `yaml:"CustomHeadersConfig"`
	} `yaml:"ResponseHeadersPolicyConfig"`
}

// headers are what CloudFront makes of the policy.
func (p headersPolicy) headers() []front.Header {
	var headers []front.Header
	add := func(name, value string) { headers = append(headers, front.Header{Name: name, Value: value}) }
	if cors := p.Config.CORS; cors != nil {
		add("Access-Control-Allow-Origin", strings.Join(cors.Origins.Items, ", "))
		if cors.Credentials {
			add("Access-Control-Allow-Credentials", "true")
		}
	}
	security := p.Config.Security
	add("Content-Security-Policy", security.Content.Value)
	add("Referrer-Policy", security.Referrer.Value)
	if security.Types != nil {
		add("X-Content-Type-Options", "nosniff")
	}
	transport := fmt.Sprintf("max-age=%d", security.Transport.Seconds)
	if security.Transport.Subdomains {
		transport += "; includeSubDomains"
	}
	if security.Transport.Preload {
		transport += "; preload"
	}
	add("Strict-Transport-Security", transport)
	for _, item := range p.Config.Custom.Items {
		add(item.Header, item.Value)
	}
	return headers
}

// overridable are the names of the headers that the origin's own take the place of. CORS is left out:
// the bucket has no such headers, and those of the preflight are the function's.
func (p headersPolicy) overridable() []string {
	var names []string
	security := p.Config.Security
	for name, override := range map[string]bool{
		"Content-Security-Policy": security.Content.Override, "Referrer-Policy": security.Referrer.Override,
		"X-Content-Type-Options":    security.Types != nil && security.Types.Override,
		"Strict-Transport-Security": security.Transport.Override,
	} {
		if !override {
			names = append(names, name)
		}
	}
	for _, item := range p.Config.Custom.Items {
		if !item.Override {
			names = append(names, item.Header)
		}
	}
	slices.Sort(names)
	return names
}

func byName(headers []front.Header) []front.Header {
	slices.SortFunc(headers, func(a, b front.Header) int { return cmp.Compare(a.Name, b.Name) })
	return headers
}
