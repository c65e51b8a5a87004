package cost

// List prices of us-east-1 in US dollars, as of 2026-11, and what the always-free tier covers each
// month. They stand in this file only. Where a price falls with volume it is that of the first
// step. Free tiers of an account's first year or of credits are left out.

// price is what an amount of something costs.
type price struct {
	unit    string
	dollars float64
	per     float64 // units that the dollars are for
	free    float64 // units a month that cost nothing, 0 for none
}

const (
	thousand = 1e3
	million  = 1e6
)

var (
	// https://aws.amazon.com/cloudfront/pricing/ (United States, Mexico and Canada; Europe is the same)
	cloudFrontRequests  = price{"requests", 0.0100, 10 * thousand, 10 * million}
	cloudFrontTransfer  = price{"GB", 0.085, 1, 1024}
	cloudFrontFunctions = price{"invocations", 0.10, million, 2 * million}

	// https://aws.amazon.com/s3/pricing/ (S3 Standard; deletions are free)
	s3Puts    = price{"requests", 0.005, thousand, 0} // PUT, COPY, POST, LIST
	s3Gets    = price{"requests", 0.0004, thousand, 0}
	s3Storage = price{"GB", 0.023, 1, 0}

	// https://aws.amazon.com/dynamodb/pricing/on-demand/ (Lambda's reading of streams is free)
	dynamoWrites   = price{"units", 0.625, million, 0}
	dynamoReads    = price{"units", 0.125, million, 0}
	dynamoStorage  = price{"GB", 0.25, 1, 25}
	dynamoRecovery = price{"GB", 0.20, 1, 0} // point in time

	// https://aws.amazon.com/lambda/pricing/ (arm64)
	lambdaRequests = price{"invocations", 0.20, million, million}
	lambdaTime     = price{"GB-s", 0.0000133334, 1, 400 * thousand}

	// https://aws.amazon.com/api-gateway/pricing/ (HTTP API)
	apiRequests = price{"requests", 1.00, million, 0}

	// https://aws.amazon.com/ses/pricing/
	sesMails = price{"mails", 0.10, thousand, 0}

	// https://aws.amazon.com/sns/pricing/ (deliveries to Lambda and SQS are free)
	snsPublishes = price{"publishes", 0.50, million, million}

	// https://aws.amazon.com/sqs/pricing/ (standard queues)
	sqsRequests = price{"requests", 0.40, million, million}

	// https://aws.amazon.com/cloudwatch/pricing/
	logIngestion = price{"GB", 0.50, 1, 5}
	alarms       = price{"alarms", 0.10, 1, 10}

	// https://aws.amazon.com/xray/pricing/
	traces = price{"traces", 5.00, million, 100 * thousand}
)
