package templatetest

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// right is one action on one resource, which is written as name writes it.
type right struct{ action, resource string }

// statement is one of a policy. Members that turn its sense around are read to be refused.
type statement struct {
	Effect      string
	Principal   any
	Action      any
	Resource    any
	NotAction   any
	NotResource any
}

type policy struct{ Statement []statement }

// everything are the rights on what is not this stack's that a role may have, and why.
var everything = map[right]string{
	{"xray:PutTraceSegments", "*"}:    "X-Ray has no resources to name",
	{"xray:PutTelemetryRecords", "*"}: "X-Ray has no resources to name",
	{"ses:GetSendQuota", "*"}:         "the quota is the account's and has no name",
	{"ses:SendRawEmail", "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"}: "each page chooses its sender among those that the account has verified, which no template knows",
}

// forbidden is what no function may do: change rights, names, distributions or code, its own among
// them. An invalidation costs money per path, and short times to live make it needless.
var forbidden = regexp.MustCompile(strings.Join([]string{
	`^(iam|sts|organizations|route53|route53domains|acm|cloudfront|cloudformation|apigateway):`,
	`^lambda:(Create|Update|Delete|Put|Publish|Add|Remove|Tag|Untag)`,
	`^dynamodb:(Create|Update|Delete|Restore)(Table|GlobalTable|Backup|ContinuousBackups|TimeToLive|ResourcePolicy)`,
	`^(sqs|sns|logs|events):(Create|Delete|Put|Add|Remove|Set)(Queue|Topic|LogGroup|Rule|Targets|Permission|RetentionPolicy)`,
	`^s3:(Create|Delete|Put)(Bucket|Lifecycle|Encryption|AccountPublic)`,
}, "|"))

func statements(list ...any) []any {
	return []any{object{"PolicyName": "x", "PolicyDocument": object{"Statement": list}}}
}

// grant is a breach that gives tick one right more.
func grant(action, resource any) func(object) {
	return set(statements(object{"Effect": "Allow", "Action": action, "Resource": resource}), "TickRole", "Properties", "Policies")
}

var table = getAtt("StatusTable", "Arn")

var roleRules = []rule{
	{
		says:  "each function has a role of its own, which only Lambda takes",
		check: rolesAreOwn,
		breaches: []breach{
			{"another's", set(getAtt("PublishRole", "Arn"), "TickLambdaFunction", "Properties", "Role"), "PublishRole: 2 functions"},
			{"a role that is left over", set(getAtt("PublishRole", "Arn"), "TickLambdaFunction", "Properties", "Role"), "TickRole: 0 functions"},
			{"one from outside", set("arn:aws:iam::123456789012:role/admin", "TickLambdaFunction", "Properties", "Role"), "TickLambdaFunction: no role"},
			{"taken by others", set(object{"Statement": []any{object{"Effect": "Allow", "Principal": object{"AWS": "*"}, "Action": "sts:AssumeRole"}}}, "TickRole", "Properties", "AssumeRolePolicyDocument"), "taken by"},
			{"rights by reference", set([]any{"arn:aws:iam::aws:policy/AdministratorAccess"}, "TickRole", "Properties", "ManagedPolicyArns"), "ManagedPolicyArns"},
			{"rights from elsewhere", add("More", "AWS::IAM::ManagedPolicy", object{}), "More: AWS::IAM::ManagedPolicy"},
		},
	},
	{
		says:  "no right is for everything without a reason",
		check: nothingIsForEverything,
		breaches: []breach{
			{"any action", grant("*", table), "* on StatusTable.Arn"},
			{"any action of a service", grant("dynamodb:*", table), "dynamodb:* on"},
			{"any action of a kind", grant([]any{"dynamodb:Query", "dynamodb:Batch*"}, table), "dynamodb:Batch* on"},
			{"any resource", grant("dynamodb:Query", "*"), "dynamodb:Query on *"},
			{"any table", grant("dynamodb:Query", "arn:aws:dynamodb:us-east-1:123456789012:table/*"), "dynamodb:Query on arn"},
			{"another way to send", grant("ses:SendEmail", object{"Fn::Sub": "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"}), "ses:SendEmail on arn"},
			{"any parameter", grant("ssm:GetParameter", object{"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/*"}), "ssm:GetParameter on arn"},
			{"all but one", set(statements(object{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), "TickRole", "Properties", "Policies"), "TickRole: all but"},
			{"all but one resource", set(statements(object{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "x"}), "TickRole", "Properties", "Policies"), "TickRole: all but"},
			{"a bucket for everyone", set(object{"Statement": []any{object{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}}}, "SiteBucketPolicy", "Properties", "PolicyDocument"), "SiteBucketPolicy: for everyone"},
			{"a bucket for everything", set(object{"Statement": []any{object{"Effect": "Allow", "Principal": object{"Service": "x"}, "Action": "s3:*"}}}, "SiteBucketPolicy", "Properties", "PolicyDocument"), "SiteBucketPolicy: s3:*"},
			{"a reason without a right", func(template object) {
				for id, r := range template["Resources"].(object) {
					if r.(object)["Type"] == "AWS::IAM::Role" {
						set([]any{}, id, "Properties", "Policies")(template)
					}
				}
			}, "reason for xray:PutTraceSegments"},
		},
	},
	{
		says:  "no function may change what is deployed",
		check: nothingChangesTheDeployment,
		breaches: []breach{
			{"an invalidation", grant("cloudfront:CreateInvalidation", "x"), "cloudfront:CreateInvalidation"},
			{"a distribution", grant("cloudfront:UpdateDistribution", "x"), "cloudfront:UpdateDistribution"},
			{"a role", grant("iam:PassRole", "x"), "iam:PassRole"},
			{"another role", grant("sts:AssumeRole", "x"), "sts:AssumeRole"},
			{"a name", grant("route53:ChangeResourceRecordSets", "x"), "route53:ChangeResourceRecordSets"},
			{"code", grant("lambda:UpdateFunctionCode", "x"), "lambda:UpdateFunctionCode"},
			{"a table", grant("dynamodb:DeleteTable", "x"), "dynamodb:DeleteTable"},
			{"a bucket's policy", grant("s3:PutBucketPolicy", "x"), "s3:PutBucketPolicy"},
			{"a queue", grant("sqs:DeleteQueue", "x"), "sqs:DeleteQueue"},
		},
	},
}

// policies reads the policies of a role, which are all written in it.
func (d deployment) policies(t *testing.T, role string) []policy {
	t.Helper()
	r, ok := d.resources[role]
	if !ok {
		return nil
	}
	var all []policy
	for _, p := range decode[struct {
		Policies []struct{ PolicyDocument policy }
	}](t, role, r.Properties).Policies {
		all = append(all, p.PolicyDocument)
	}
	return all
}

// rights lists what a role may do, each action on each resource, in order.
func (d deployment) rights(t *testing.T, role string) []right {
	t.Helper()
	var all []right
	for _, p := range d.policies(t, role) {
		for _, s := range p.Statement {
			if s.Effect != "Allow" {
				continue
			}
			for _, action := range list(s.Action) {
				for _, resource := range list(s.Resource) {
					all = append(all, right{fmt.Sprint(action), name(resource)})
				}
			}
		}
	}
	return all
}

func rolesAreOwn(t *testing.T, d deployment) (complaints []string) {
	uses := map[string]int{}
	for _, f := range d.functions(t) {
		role := idOf(f.Role)
		if r, ok := d.resources[role]; !ok || r.Type != "AWS::IAM::Role" {
			complain(&complaints, "%s: no role in the template", f.id)
		}
		uses[role]++
	}
	for _, id := range d.of("AWS::IAM::Role") {
		if uses[id] != 1 {
			complain(&complaints, "%s: %d functions", id, uses[id])
		}
		r := decode[struct {
			AssumeRolePolicyDocument policy
			ManagedPolicyArns        []any
		}](t, id, d.resources[id].Properties)
		for _, s := range r.AssumeRolePolicyDocument.Statement {
			if diff := cmp.Diff(any(object{"Service": "lambda.amazonaws.com"}), s.Principal); diff != "" {
				complain(&complaints, "%s: taken by %v", id, s.Principal)
			}
		}
		if len(r.ManagedPolicyArns) != 0 {
			complain(&complaints, "%s: ManagedPolicyArns, whose rights are not written here", id)
		}
	}
	for id, r := range d.resources {
		if strings.HasPrefix(r.Type, "AWS::IAM::") && r.Type != "AWS::IAM::Role" {
			complain(&complaints, "%s: %s gives rights outside of the roles", id, r.Type)
		}
	}
	return complaints
}

// own is a resource of this stack by reference, or by a path that has the stage in it.
func (d deployment) own(resource string) bool {
	if _, ok := d.resources[idOf(resource)]; ok {
		return true
	}
	for _, id := range references(object{"Fn::Sub": resource}) {
		if _, ok := d.resources[id]; ok {
			return true
		}
	}
	return strings.Contains(resource, "/allclear/"+d.stage+"/")
}

func nothingIsForEverything(t *testing.T, d deployment) (complaints []string) {
	used := map[right]bool{}
	for _, role := range d.of("AWS::IAM::Role") {
		for _, r := range d.rights(t, role) {
			used[r] = true
			if everything[r] == "" && (strings.Contains(r.action, "*") || !d.own(r.resource)) {
				complain(&complaints, "%s: %s on %s", role, r.action, r.resource)
			}
		}
		for _, p := range d.policies(t, role) {
			for _, s := range p.Statement {
				if s.NotAction != nil || s.NotResource != nil {
					complain(&complaints, "%s: all but %v%v", role, s.NotAction, s.NotResource)
				}
			}
		}
	}
	for r := range everything {
		if !used[r] {
			complain(&complaints, "a reason for %s, which no role may do", r.action)
		}
	}
	return append(complaints, d.resourcePolicies(t)...)
}

// resourcePolicies complains of policies of buckets, queues and topics that let anyone do anything.
func (d deployment) resourcePolicies(t *testing.T) (complaints []string) {
	t.Helper()
	for id, r := range d.resources {
		document, ok := r.Properties["PolicyDocument"]
		if !ok {
			continue
		}
		for _, s := range decode[policy](t, id, document).Statement {
			if s.Effect != "Allow" {
				continue
			}
			if name(s.Principal) == "*" || strings.Contains(fmt.Sprint(s.Principal), "AWS:*") {
				complain(&complaints, "%s: for everyone", id)
			}
			for _, action := range list(s.Action) {
				if strings.Contains(fmt.Sprint(action), "*") {
					complain(&complaints, "%s: %v", id, action)
				}
			}
		}
	}
	return complaints
}

func nothingChangesTheDeployment(t *testing.T, d deployment) (complaints []string) {
	for _, role := range d.of("AWS::IAM::Role") {
		for _, r := range d.rights(t, role) {
			if forbidden.MatchString(r.action) {
				complain(&complaints, "%s: %s", role, r.action)
			}
		}
	}
	return complaints
}

// A change of rights is a change of this table, so that a reviewer sees it.
func TestTheRightsOfFunctionsAreThoseThatWereReviewed(t *testing.T) {
	d := deploy(t, parse(t, emitted(t, prod)), prod, false)
	var got strings.Builder
	w := tabwriter.NewWriter(&got, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "function\taction\tresource")
	for _, f := range d.functions(t) {
		rights := d.rights(t, idOf(f.Role))
		slices.SortFunc(rights, func(a, b right) int {
			return strings.Compare(a.action+" "+a.resource, b.action+" "+b.resource)
		})
		for _, r := range rights {
			fmt.Fprintf(w, "%s\t%s\t%s\n", f.name, r.action, r.resource)
		}
	}
	w.Flush()
	const file = "testdata/roles.golden"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("rights (-want +got); after a review: go test ./internal/templatetest -update\n%s", diff)
	}
}
