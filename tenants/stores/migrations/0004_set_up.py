from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('stores', '0003_combinations_and_travel'),
    ]

    operations = [
        migrations.CreateModel(
            name='SetUp',
            fields=[
                ('one', models.BooleanField(default=True, primary_key=True, serialize=False)),
                ('token', models.UUIDField()),
            ],
            options={
                'verbose_name_plural': 'set-up',
                'constraints': [models.CheckConstraint(condition=models.Q(('one', True)), name='set_up_is_one')],
            },
        ),
    ]
