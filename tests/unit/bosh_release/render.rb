# SPDX-License-Identifier: Apache-2.0
# Renders ERB templates of jobs as a BOSH director or the bosh CLI does.
#
# Reads a JSON object a line: template (path), defaults (name of a property
# -> its default in the job's specification, or null), properties (those of
# the manifest).  Writes a JSON object a line: text, or error.

require 'erb'
require 'json'

# What a template sees: of a manifest's properties those that the job's
# specification names, with its defaults; null is the same as absent.
class Context
  class UnknownProperty < StandardError; end

  # What if_p returns: whether an else or else_if_p after it is for it.
  class Rest
    def initialize(context)
      @context = context
    end

    def else
      yield if @context
    end

    def else_if_p(*names, &block)
      @context ? @context.if_p(*names, &block) : self
    end
  end

  def initialize(defaults, given)
    @properties = defaults.to_h do |name, default|
      value = name.split('.').reduce(given) do |hash, key|
        hash.is_a?(Hash) ? hash[key] : nil
      end
      [name, value.nil? ? default : value]
    end
  end

  def p(names, *fallback)
    names = Array(names)
    found = names.map { |name| lookup(name) }.compact
    return found.first unless found.empty?
    return fallback.first unless fallback.empty?

    raise UnknownProperty, "Can't find property '#{names.join("', or '")}'"
  end

  def if_p(*names)
    values = names.map { |name| lookup(name) }
    return Rest.new(self) if values.any?(&:nil?)

    yield(*values)
    Rest.new(nil)
  end

  def render(path)
    template = ERB.new(File.read(path, encoding: 'UTF-8'), trim_mode: '-')
    template.filename = path
    template.result(binding)
  end

  private

  def lookup(name)
    unless @properties.key?(name)
      raise ArgumentError, "the specification does not name '#{name}'"
    end

    @properties[name]
  end
end

$stdout.sync = true
$stdin.set_encoding('UTF-8')
$stdin.each_line do |line|
  begin
    wanted = JSON.parse(line)
    context = Context.new(wanted['defaults'], wanted['properties'])
    answer = { 'text' => context.render(wanted['template']) }
  rescue StandardError => e
    answer = { 'error' => e.message }
  end
  puts JSON.generate(answer)
end
