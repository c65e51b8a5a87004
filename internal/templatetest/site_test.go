package templatetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

type object = map[string]any

func TestTheSiteBucketIsPrivateAndKeepsEarlierVersions(t *testing.T) {
	got := properties[object](t, "SiteBucket")
	for member, want := range map[string]any{
		"PublicAccessBlockConfiguration": object{
			"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
		},
		"OwnershipControls":       object{"Rules": []any{object{"ObjectOwnership": "BucketOwnerEnforced"}}},
		"VersioningConfiguration": object{"Status": "Enabled"},
		"BucketEncryption": object{"ServerSideEncryptionConfiguration": []any{
			object{"ServerSideEncryptionByDefault": object{"SSEAlgorithm": "AES256"}},
		}},
	} {
		if diff := cmp.Diff(want, got[member]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", member, diff)
		}
	}
	if got["BucketName"] != nil {
		t.Errorf("got the name %v: a stack made anew could not have it", got["BucketName"])
	}
	var expires, aborts bool
	for _, rule := range got["LifecycleConfiguration"].(object)["Rules"].([]any) {
		rule := rule.(object)
		if rule["ExpirationInDays"] != nil || rule["ExpirationDate"] != nil || rule["Status"] != "Enabled" {
			t.Errorf("rule %v: what is published does not expire", rule)
		}
		expires = expires || rule["NoncurrentVersionExpiration"] != nil
		aborts = aborts || rule["AbortIncompleteMultipartUpload"] != nil
	}
	if !expires || !aborts {
		t.Errorf("earlier versions expire: %t, unfinished uploads: %t, want both", expires, aborts)
	}
}

// CloudFormation takes no function there, so the deployment tool fills it in.
func TestTheSiteBucketOutlivesTheStackUnlessItIsLocal(t *testing.T) {
	r := resourcesOf(t, "site.yml")["SiteBucket"]
	const want = "${self:custom.removal.${sls:stage}, 'Retain'}"
	if r.DeletionPolicy != want || r.UpdateReplacePolicy != want {
		t.Errorf("got %s and %s, want %s", r.DeletionPolicy, r.UpdateReplacePolicy, want)
	}
	if r.Condition != "" {
		t.Errorf("got condition %s: the bucket is there everywhere", r.Condition)
	}
}

func TestTheSiteBucketIsReadOverTLSByTheDistributionsAlone(t *testing.T) {
	var always, aws []any
	for _, s := range properties[object](t, "SiteBucketPolicy")["PolicyDocument"].(object)["Statement"].([]any) {
		choice, ok := s.(object)["Fn::If"].([]any)
		switch {
		case !ok:
			always = append(always, s)
		case len(choice) == 3 && choice[0] == "IsAws" && name(choice[2]) == "AWS::NoValue":
			aws = append(aws, choice[1])
		default:
			t.Errorf("got %v, want a statement on AWS and none elsewhere", choice)
		}
	}
	arn, inside := object{"Fn::GetAtt": []any{"SiteBucket", "Arn"}}, func(prefix string) object {
		return object{"Fn::Sub": "${SiteBucket.Arn}/" + prefix + "*"}
	}
	tls := object{
		"Sid": "OnlyOverTLS", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []any{arn, inside("")},
		"Condition": object{"Bool": object{"aws:SecureTransport": "false"}},
	}
	if diff := cmp.Diff([]any{tls}, always); diff != "" {
		t.Errorf("always (-want +got):\n%s", diff)
	}
	from := func(distribution string) object {
		return object{"Fn::Sub": "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${" + distribution + "}"}
	}
	allow := func(sid, action string, resource, source any) object {
		return object{
			"Sid": sid, "Effect": "Allow", "Principal": object{"Service": "cloudfront.amazonaws.com"}, "Action": action,
			"Resource": resource, "Condition": object{"StringEquals": object{"AWS:SourceArn": source}},
		}
	}
	page, operator := from("PageDistribution"), from("OperatorDistribution")
	want := []any{
		allow("PageReads", "s3:GetObject", inside(""), page),
		allow("OperatorReads", "s3:GetObject", inside("admin/"), operator),
		allow("MissingIsNotFound", "s3:ListBucket", arn, []any{page, operator}),
	}
	if diff := cmp.Diff(want, aws); diff != "" {
		t.Errorf("on AWS (-want +got):\n%s", diff)
	}
}
