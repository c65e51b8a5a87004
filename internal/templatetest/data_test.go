package templatetest

import (
	"maps"
	"slices"
	"testing"
)

// dynamoTable is what the rules read of an AWS::DynamoDB::Table.
type dynamoTable struct {
	BillingMode                      string
	DeletionProtectionEnabled        bool
	PointInTimeRecoverySpecification struct{ PointInTimeRecoveryEnabled bool }
}

// fixedNames are the members that give a resource a name of its own.
var fixedNames = []string{"BucketName", "TableName", "QueueName", "TopicName", "LogGroupName", "Name"}

var dataRules = []rule{
	{
		says:  "tables are paid by use, can be brought back, and outlive the stack, but for those of a test",
		check: tablesLast,
		breaches: []breach{
			{"bought in advance", set("PROVISIONED", "StatusTable", "Properties", "BillingMode"), "StatusTable: billing"},
			{"the service's own billing", set(nil, "StatusTable", "Properties", "BillingMode"), "StatusTable: billing"},
			{"no way back", set(object{"PointInTimeRecoveryEnabled": false}, "AudienceTable", "Properties", "PointInTimeRecoverySpecification"), "AudienceTable: no point-in-time recovery"},
			{"easily deleted", set(false, "StatusTable", "Properties", "DeletionProtectionEnabled"), "StatusTable: deletion protection false"},
			{"removed with the stack", set("Delete", "StatusTable", "DeletionPolicy"), "StatusTable: removal Delete"},
			{"replaced with the stack", set("Delete", "DeliveriesTable", "UpdateReplacePolicy"), "DeliveriesTable: removal Retain, replacement Delete"},
			{"no table at all", func(template object) {
				for _, id := range []string{"StatusTable", "AudienceTable", "DeliveriesTable"} {
					set(nil, id)(template)
				}
			}, "no tables"},
		},
		locally: []breach{
			{"protected", set(true, "StatusTable", "Properties", "DeletionProtectionEnabled"), "StatusTable: deletion protection true"},
			{"left behind", set("Retain", "StatusTable", "DeletionPolicy"), "StatusTable: removal Retain"},
		},
	},
	{
		says:  "what outlives its stack has no name that a new stack would need, and nothing of a test does",
		check: whatStaysHasNoName,
		breaches: []breach{
			{"a table", set("status", "StatusTable", "Properties", "TableName"), "StatusTable: TableName"},
			{"a bucket", set("site", "SiteBucket", "Properties", "BucketName"), "SiteBucket: BucketName"},
			{"a queue that stays", func(template object) {
				set("failures", "FailureQueue", "Properties", "QueueName")(template)
				set("Retain", "FailureQueue", "DeletionPolicy")(template)
			}, "FailureQueue: QueueName"},
			{"a site bucket that goes", set("Delete", "SiteBucket", "DeletionPolicy"), "SiteBucket: goes with the stack"},
		},
		locally: []breach{
			{"a bucket that is left behind", set("Retain", "SiteBucket", "DeletionPolicy"), "SiteBucket: outlives a test"},
		},
	},
}

func tablesLast(t *testing.T, d deployment) (complaints []string) {
	stays, removal := d.stage != local, "Retain"
	if d.stage == local {
		removal = "Delete"
	}
	if len(d.of("AWS::DynamoDB::Table")) == 0 {
		complain(&complaints, "no tables")
	}
	for _, id := range d.of("AWS::DynamoDB::Table") {
		r := d.resources[id]
		got := decode[dynamoTable](t, id, r.Properties)
		if got.BillingMode != "PAY_PER_REQUEST" {
			complain(&complaints, "%s: billing %q", id, got.BillingMode)
		}
		if !got.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled {
			complain(&complaints, "%s: no point-in-time recovery", id)
		}
		if got.DeletionProtectionEnabled != stays {
			complain(&complaints, "%s: deletion protection %t", id, got.DeletionProtectionEnabled)
		}
		if r.DeletionPolicy != removal || r.UpdateReplacePolicy != removal {
			complain(&complaints, "%s: removal %s, replacement %s, want %s", id, r.DeletionPolicy, r.UpdateReplacePolicy, removal)
		}
	}
	return complaints
}

func whatStaysHasNoName(_ *testing.T, d deployment) (complaints []string) {
	for _, id := range slices.Sorted(maps.Keys(d.resources)) {
		r := d.resources[id]
		stays := r.DeletionPolicy == "Retain" || r.DeletionPolicy == "RetainExceptOnCreate"
		if d.stage == local && stays {
			complain(&complaints, "%s: outlives a test", id)
		}
		if d.stage != local && id == "SiteBucket" && !stays {
			complain(&complaints, "%s: goes with the stack", id)
		}
		for _, member := range fixedNames {
			if _, named := r.Properties[member]; named && stays {
				complain(&complaints, "%s: %s", id, member)
			}
		}
	}
	return complaints
}
