package wiring

import "time"

// resources reads the resources section: a mapping, an include, or a list of both.
func (r *reader) resources(n node) error {
	elements, err := n.elements()
	if err != nil {
		elements = []node{n}
	}
	for _, e := range elements {
		if file, ok := e.included(); ok {
			if e, err = r.parse(file); err != nil {
				return err
			}
		}
		if err := r.template(e); err != nil {
			return err
		}
	}
	for _, check := range r.later {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// template reads the Resources of a CloudFormation template. Its other sections are the cloud's.
func (r *reader) template(n node) error {
	sections, err := n.members()
	if err != nil {
		return err
	}
	section, ok := find(sections, "Resources")
	if !ok {
		return nil
	}
	resources, err := section.members()
	if err != nil {
		return err
	}
	for _, m := range resources {
		if _, twice := r.wiring.Resources[m.name]; twice {
			return m.value.fail("this resource is there twice")
		}
		resource, err := r.readResource(m.name, m.value)
		if err != nil {
			return err
		}
		r.wiring.Resources[m.name] = resource
	}
	return nil
}

func (r *reader) readResource(id string, n node) (Resource, error) {
	members, err := n.members()
	if err != nil {
		return Resource{}, err
	}
	kind, ok := find(members, "Type")
	if !ok {
		return Resource{}, n.fail("no Type")
	}
	var resource Resource
	if resource.Type, err = kind.text(); err != nil {
		return Resource{}, err
	}
	switch resource.Type {
	case typeTable:
		err = n.readAt(into(&resource.StreamView, node.text), "Properties", "StreamSpecification", "StreamViewType")
	case typeQueue:
		err = r.readQueue(id, n, &resource)
	}
	return resource, err
}

// defaultVisibility is the visibility timeout of a queue that gives none.
const defaultVisibility = 30 * time.Second

// readQueue reads what a laptop needs of a queue. Its dead-letter queue may come later in the file, so
// that is looked up when all resources are read.
func (r *reader) readQueue(id string, n node, resource *Resource) error {
	resource.VisibilityTimeout = defaultVisibility
	err := n.readAt(func(n node) (err error) {
		resource.VisibilityTimeout, err = n.seconds(0, 43200)
		return err
	}, "Properties", "VisibilityTimeout")
	if err != nil {
		return err
	}
	return n.readAt(func(n node) error {
		err := n.read(map[string]func(node) error{
			"maxReceiveCount": func(n node) (err error) {
				resource.MaxReceiveCount, err = n.between(1, 1000)
				return err
			},
			"deadLetterTargetArn": func(n node) (err error) {
				resource.DeadLetter, err = n.reference("Arn")
				r.later = append(r.later, func() error {
					target, err := r.resource(n, "Arn", typeQueue)
					if err == nil && target == id {
						err = n.fail("%s is the queue itself", id)
					}
					return err
				})
				return err
			},
		})
		if err == nil && (resource.MaxReceiveCount == 0 || resource.DeadLetter == "") {
			err = n.fail("want maxReceiveCount and deadLetterTargetArn")
		}
		return err
	}, "Properties", "RedrivePolicy")
}

// readAt hands what lies down a way of members to a function, if there is something.
func (n node) readAt(read func(node) error, way ...string) error {
	found, ok, err := n.at(way...)
	if err != nil || !ok {
		return err
	}
	return read(found)
}

// at goes down a way of members; ok is false where it ends early.
func (n node) at(way ...string) (found node, ok bool, err error) {
	for _, name := range way {
		members, err := n.members()
		if err != nil {
			return node{}, false, err
		}
		if n, ok = find(members, name); !ok {
			return node{}, false, nil
		}
	}
	return n, true, nil
}

// resource reads a reference and holds that it names a resource of this type.
func (r *reader) resource(n node, attribute, kind string) (string, error) {
	id, err := n.reference(attribute)
	if err != nil {
		return "", err
	}
	resource, ok := r.wiring.Resources[id]
	if !ok {
		return "", n.fail("no resource %s", id)
	}
	if resource.Type != kind {
		return "", n.fail("%s is %s, want %s", id, resource.Type, kind)
	}
	return id, nil
}
