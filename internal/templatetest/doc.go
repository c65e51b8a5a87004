// Package templatetest holds the CloudFormation in resources/ and serverless.yml to what the code
// next to it promises: the distributions answer with the headers of internal/front, the edge function
// finds the objects that it finds, the bucket is private. It has tests only and nobody imports it.
// What runs elsewhere, such as the edge function, is really run and not read.
package templatetest
