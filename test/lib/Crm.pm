# A server with a database crm, the extension in it, and logins for an officer, the web page and the application.
package Crm;
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;

# Crm::start($name, $configuration): the node. PostgreSQL's tests log every statement, its parameters too; here none.
sub start
{
	my ($name, $configuration) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', "log_statement = none\n" . ($configuration // ''));
	$node->start;
	$node->safe_psql('postgres', 'CREATE DATABASE crm');
	$node->safe_psql(
		'crm', q{
CREATE EXTENSION gdpr CASCADE;
CREATE ROLE officer LOGIN IN ROLE gdpr_officer;
CREATE ROLE web LOGIN IN ROLE gdpr_web;
CREATE ROLE app LOGIN});
	return $node;
}

1;
