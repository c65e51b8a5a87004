// Package templatetest holds the deployment to what the code next to it promises: the distributions
// answer with the headers of internal/front, the edge function finds the objects that it finds, and
// every deployment keeps the rules of rules_test.go, each of which must notice when it is broken. The
// rules read the template that the deployment tool emits, the other tests resources/ as it is
// written. It has tests only and nobody imports it. What runs elsewhere is really run and not read.
package templatetest
