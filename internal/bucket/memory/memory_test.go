package memory_test

import (
	"testing"

	"allclear/internal/bucket"
	"allclear/internal/bucket/buckettest"
	"allclear/internal/bucket/memory"
)

func TestMemoryIsABucket(t *testing.T) {
	buckettest.Run(t, func(*testing.T) bucket.Bucket { return new(memory.Bucket) })
}
