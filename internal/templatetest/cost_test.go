package templatetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// paidByUse are the types of resources that cost nothing as long as nobody uses them, apart from
// storage. An alarm has a price, a few cents, and a rule of its own. What is not listed may have a
// fixed price, such as a stream of Kinesis, a NAT gateway, a VPC endpoint, WAF, a key, a secret, a
// dashboard or provisioned concurrency.
var paidByUse = []string{
	"AWS::ApiGatewayV2::Api",
	"AWS::ApiGatewayV2::Integration",
	"AWS::ApiGatewayV2::Route",
	"AWS::ApiGatewayV2::Stage",
	"AWS::CloudFront::CachePolicy",
	"AWS::CloudFront::Distribution",
	"AWS::CloudFront::Function",
	"AWS::CloudFront::OriginAccessControl",
	"AWS::CloudFront::ResponseHeadersPolicy",
	"AWS::CloudWatch::Alarm",
	"AWS::DynamoDB::Table",
	"AWS::Events::Rule",
	"AWS::IAM::Role",
	"AWS::Lambda::EventInvokeConfig",
	"AWS::Lambda::EventSourceMapping",
	"AWS::Lambda::Function",
	"AWS::Lambda::Permission",
	"AWS::Logs::LogGroup",
	"AWS::Logs::MetricFilter",
	"AWS::S3::Bucket",
	"AWS::S3::BucketPolicy",
	"AWS::SES::ConfigurationSet",
	"AWS::SES::ConfigurationSetEventDestination",
	"AWS::SNS::Subscription",
	"AWS::SNS::Topic",
	"AWS::SNS::TopicPolicy",
	"AWS::SQS::Queue",
	"Custom::Preflight",
	"Custom::Site",
}

// fixedPrice are settings that give a resource of such a type a fixed price after all. A pool has
// addresses of one's own to send mails from; a metric with a default value counts, and costs, always.
var fixedPrice = []string{
	"ProvisionedThroughput", "KMSMasterKeyId", "KmsMasterKeyId", "KmsKeyId", "KmsKeyArn", "KMSMasterKeyID",
	"ProvisionedConcurrencyConfig", "VpcConfig", "WebACLId", "OriginShield", "KinesisStreamSpecification",
	"SendingPoolName", "DefaultValue",
}

// managedKeys are those that AWS keeps for a service without a price, by their aliases.
const managedKeys = "alias/aws/"

var costRules = []rule{
	{
		says:  "nothing has a fixed price unless it was chosen",
		check: nothingHasAFixedPrice,
		breaches: []breach{
			{"a stream", add("X", "AWS::Kinesis::Stream", object{}), "AWS::Kinesis::Stream"},
			{"a gateway", add("X", "AWS::EC2::NatGateway", object{}), "AWS::EC2::NatGateway"},
			{"an endpoint", add("X", "AWS::EC2::VPCEndpoint", object{}), "AWS::EC2::VPCEndpoint"},
			{"a firewall", add("X", "AWS::WAFv2::WebACL", object{}), "AWS::WAFv2::WebACL"},
			{"a key", add("X", "AWS::KMS::Key", object{}), "AWS::KMS::Key"},
			{"a secret", add("X", "AWS::SecretsManager::Secret", object{}), "AWS::SecretsManager::Secret"},
			{"a dashboard", add("X", "AWS::CloudWatch::Dashboard", object{}), "AWS::CloudWatch::Dashboard"},
			{"a zone", add("X", "AWS::Route53::HostedZone", object{}), "AWS::Route53::HostedZone"},
			{"concurrency", add("X", "AWS::Lambda::Alias", object{"ProvisionedConcurrencyConfig": object{}}), "AWS::Lambda::Alias"},
			{"capacity", set(object{"ReadCapacityUnits": 1}, "StatusTable", "Properties", "ProvisionedThroughput"), "StatusTable: ProvisionedThroughput"},
			{"an index's capacity", set([]any{object{"ProvisionedThroughput": object{}}}, "StatusTable", "Properties", "GlobalSecondaryIndexes"), "StatusTable: ProvisionedThroughput"},
			{"a topic's key", set("alias/own", "EventsTopic", "Properties", "KmsMasterKeyId"), "EventsTopic: KmsMasterKeyId"},
			{"a key by reference", set(ref("PageName"), "EventsTopic", "Properties", "KmsMasterKeyId"), "EventsTopic: KmsMasterKeyId"},
			{"addresses to send from", set("own", "MailConfiguration", "Properties", "DeliveryOptions", "SendingPoolName"), "MailConfiguration: SendingPoolName"},
			{"a metric of nothing", set([]any{object{"DefaultValue": 0}}, "MailWaits", "Properties", "MetricTransformations"), "MailWaits: DefaultValue"},
			{"an address for each edge", set("vip", "PageDistribution", "Properties", "DistributionConfig", "SslSupportMethod"), "PageDistribution: vip"},
		},
	},
	{
		says:  "a stack has room for more: fewer than 200 resources",
		check: fewResources,
		breaches: []breach{
			{"two hundred", func(template object) {
				for i := range 200 {
					add(fmt.Sprintf("Topic%d", i), "AWS::SNS::Topic", object{})(template)
				}
			}, "resources, want fewer than 200"},
		},
	},
}

// A parameter that was given may choose what has a price.
func nothingHasAFixedPrice(_ *testing.T, d deployment) (complaints []string) {
	if d.chosen {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(d.resources)) {
		r := d.resources[id]
		if !slices.Contains(paidByUse, r.Type) {
			complain(&complaints, "%s: %s may have a fixed price; if it has none, list it", id, r.Type)
		}
		for _, member := range members(r.Properties) {
			if slices.Contains(fixedPrice, member) {
				complain(&complaints, "%s: %s", id, member)
			}
		}
		if strings.Contains(fmt.Sprint(r.Properties), "SslSupportMethod:vip") {
			complain(&complaints, "%s: vip, at hundreds of dollars a month", id)
		}
	}
	return complaints
}

// members lists the names of members at any depth, but for those that name a key of AWS's.
func members(value any) (names []string) {
	switch v := value.(type) {
	case object:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if text, ok := v[key].(string); ok && strings.HasPrefix(text, managedKeys) {
				continue
			}
			names = append(append(names, key), members(v[key])...)
		}
	case []any:
		for _, element := range v {
			names = append(names, members(element)...)
		}
	}
	return names
}

func fewResources(t *testing.T, d deployment) (complaints []string) {
	t.Logf("%s: %d resources", d.name, len(d.resources))
	if len(d.resources) >= 200 {
		complain(&complaints, "%d resources, want fewer than 200", len(d.resources))
	}
	return complaints
}
